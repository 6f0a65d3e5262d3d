//! Bulkheads under load, cancellation and panics: the limit holds in the body, and no slot is lost.

use std::{
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use proptest::prelude::*;
use resilience::{
    Bulkhead, BulkheadConfig, BulkheadStats, bulkhead, circuit_breaker, registry, retry, timeout,
};
use tokio::runtime;

use crate::{clock::poll_up_to, fault::Fault};

const TICK: Duration = Duration::from_millis(5);

/// Counts the bodies that run, and remembers the most.
#[derive(Default)]
struct Mark {
    now: AtomicU32,
    most: AtomicU32,
}

impl Mark {
    fn enter(&self) -> impl Drop {
        struct Leave<'m>(&'m AtomicU32);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Leave(&self.now)
    }

    fn most(&self) -> u32 {
        self.most.load(Ordering::SeqCst)
    }
}

fn stats(name: &str) -> BulkheadStats {
    registry::bulkhead(name).expect("a call registers it")
}

fn assert_is_empty(name: &str) {
    let stats = stats(name);
    assert_eq!((stats.in_use, stats.waiting), (0, 0), "{stats:?}");
}

#[bulkhead(7, name = "reliability::futures", max_wait = 10m)]
async fn visit(mark: &Mark, turns: u32) -> Result<(), Fault> {
    let _here = mark.enter();
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_thousand_futures_on_eight_threads_never_exceed_the_limit() {
    let mark = Arc::new(Mark::default());
    let calls: Vec<_> = (0..1_000)
        .map(|number| {
            let mark = Arc::clone(&mark);
            tokio::spawn(async move { visit(&mark, number % 4).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert!((1..=7).contains(&mark.most()), "{}", mark.most());
    let stats = stats("reliability::futures");
    assert_eq!((stats.in_use, stats.waiting), (0, 0));
    assert_eq!((stats.admitted, stats.refused), (1_000, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_thousand_futures_of_which_half_are_dropped_lose_no_slot() {
    static MARK: Mark = Mark {
        now: AtomicU32::new(0),
        most: AtomicU32::new(0),
    };
    #[bulkhead(3, name = "reliability::aborted", max_wait = 10m)]
    async fn visit(number: u32) -> Result<(), Fault> {
        let _here = MARK.enter();
        for _ in 0..number % 5 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
    let calls: Vec<_> = (0..1_000)
        .map(|number| tokio::spawn(visit(number)))
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        if number % 2 == 0 {
            call.abort();
        }
        match call.await {
            Ok(outcome) => outcome.unwrap(),
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert!((1..=3).contains(&MARK.most()));
    assert_is_empty("reliability::aborted");
}

#[test]
fn a_hundred_threads_and_as_many_futures_share_the_slots() {
    static MARK: Mark = Mark {
        now: AtomicU32::new(0),
        most: AtomicU32::new(0),
    };
    #[bulkhead(4, name = "reliability::threads", max_wait = 10m)]
    fn visit_sync() -> Result<(), Fault> {
        let _here = MARK.enter();
        thread::yield_now();
        Ok(())
    }
    #[bulkhead(4, name = "reliability::threads", max_wait = 10m)]
    async fn visit() -> Result<(), Fault> {
        let _here = MARK.enter();
        tokio::task::yield_now().await;
        Ok(())
    }
    let tokio = runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    let futures: Vec<_> = (0..100).map(|_| tokio.spawn(visit())).collect();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| (0..10).for_each(|_| visit_sync().unwrap()));
        }
    });
    for future in futures {
        tokio.block_on(future).unwrap().unwrap();
    }
    assert!((1..=4).contains(&MARK.most()));
    let stats = stats("reliability::threads");
    assert_eq!((stats.in_use, stats.waiting, stats.admitted), (0, 0, 1_100));
}

/// The service fails, then hangs, then answers.
async fn answer(calls: &AtomicU32) -> Result<u8, Fault> {
    let mut yielded = false;
    poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Err(Fault::Down),
        1 => pending().await,
        _ => Ok(7),
    }
}

#[retry(base_delay = 10ms, jitter = none)]
#[circuit_breaker(name = "reliability::rctb")]
#[timeout(20ms)]
#[bulkhead(1, name = "reliability::dropped", max_wait = 10ms)]
async fn rctb(calls: &AtomicU32) -> Result<u8, Fault> {
    answer(calls).await
}

#[retry(base_delay = 10ms, jitter = none)]
#[bulkhead(1, name = "reliability::dropped", max_wait = 10ms)]
#[circuit_breaker(name = "reliability::rbct")]
#[timeout(20ms)]
async fn rbct(calls: &AtomicU32) -> Result<u8, Fault> {
    answer(calls).await
}

#[bulkhead(1, name = "reliability::dropped", max_wait = 10ms)]
#[timeout(100ms)]
#[retry(base_delay = 10ms, jitter = none)]
#[timeout(20ms)]
async fn btrt(calls: &AtomicU32) -> Result<u8, Fault> {
    answer(calls).await
}

type StackOf = for<'a> fn(&'a AtomicU32) -> Call<'a>;
type Call<'a> = Pin<Box<dyn Future<Output = Result<u8, Fault>> + 'a>>;

/// Polls a call up to `polls` times and drops it. The slot is free after `free_after` polls.
/// Returns true if the call was done by then.
async fn drop_after(call: Call<'_>, polls: u32, free_after: u32) -> bool {
    let pool = registry::get_or_register_bulkhead("reliability::dropped", BulkheadConfig::new(1));
    let mut permit = Some(pool.acquire().expect("nobody is there"));
    let mut call = call;
    let is_done = poll_up_to(call.as_mut(), polls, TICK, |poll| {
        if poll == free_after {
            permit = None;
        }
    })
    .await;
    drop(call);
    drop(permit);
    assert_is_empty("reliability::dropped");
    assert!(pool.acquire().is_ok(), "{polls} polls, {free_after}");
    is_done
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_dropped_at_every_await_point() {
    let stacks: [(_, StackOf); 3] = [
        ("rctb", |calls| Box::pin(rctb(calls))),
        ("rbct", |calls| Box::pin(rbct(calls))),
        ("btrt", |calls| Box::pin(btrt(calls))),
    ];
    let mut dropped = 0;
    for (name, stack) in stacks {
        for free_after in 0..3 {
            for polls in 0.. {
                // The circuits are for this test alone, and each call begins with closed ones.
                registry::reset("reliability::rctb");
                registry::reset("reliability::rbct");
                let calls = AtomicU32::new(0);
                if drop_after(stack(&calls), polls, free_after).await {
                    break;
                }
                dropped += 1;
                assert!(polls < 1_000, "{name} never ends");
            }
        }
    }
    assert!(dropped > 50, "{dropped}");
}

#[test]
fn a_panic_at_any_place_frees_the_slot() {
    #[bulkhead(1, name = "reliability::panics", error = |_| -> Fault { panic!("conversion") })]
    fn visit(panics: bool) -> Result<(), Fault> {
        assert!(!panics, "body");
        visit(false)
    }
    for panics in [true, false, true, false] {
        let caught = catch_unwind(AssertUnwindSafe(|| visit(panics))).unwrap_err();
        let expected = if panics { "body" } else { "conversion" };
        assert_eq!(caught.downcast_ref(), Some(&expected));
        assert_is_empty("reliability::panics");
    }
}

#[test]
fn a_subscriber_that_panics_or_asks_the_bulkhead_breaks_no_call() {
    let pool = Bulkhead::new("reliability::subscriber", BulkheadConfig::new(1));
    let asked = pool.clone();
    let _subscription = resilience::events::subscribe(move |event| {
        if let resilience::events::EventKind::BulkheadFull { bulkhead, .. } = event.kind {
            if bulkhead == "reliability::subscriber" {
                assert_eq!(asked.stats().in_use, 1);
                panic!("expected");
            }
        }
    });
    let _permit = pool.acquire().unwrap();
    assert_eq!(pool.acquire().unwrap_err().limit(), 1);
    assert_eq!(pool.stats().refused, 1);
}

/// A step of the model.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A caller comes and is polled.
    Come,
    /// The caller with this number is polled.
    Poll(usize),
    /// The caller with this number leaves, with its slot if it has one.
    Leave(usize),
    Limit(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Come),
        3 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Leave),
        1 => (1..4_u32).prop_map(Step::Limit),
    ]
}

/// A queue that is obviously right: the callers in their order, each with a slot or without one.
#[derive(Default)]
struct Model {
    callers: Vec<(usize, bool)>,
    limit: usize,
}

impl Model {
    fn in_use(&self) -> usize {
        self.callers
            .iter()
            .filter(|(_, has_slot)| *has_slot)
            .count()
    }

    fn hand_over(&mut self) {
        while self.in_use() < self.limit {
            let Some((_, has_slot)) = self.callers.iter_mut().find(|(_, has_slot)| !has_slot)
            else {
                return;
            };
            *has_slot = true;
        }
    }
}

proptest! {
    #[test]
    fn it_equals_a_queue_that_is_obviously_right(steps in proptest::collection::vec(step(), 1..60)) {
        let config = BulkheadConfig::new(2).max_wait(Duration::MAX);
        let pool = Bulkhead::new("reliability::model", config);
        let mut model = Model { limit: 2, ..Model::default() };
        let mut callers = Vec::new();
        let mut number = 0;
        for step in steps {
            match step {
                Step::Come => {
                    let mut call = Box::pin(pool.acquire_async());
                    let first = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    callers.push((number, Some(call), first.map(Result::unwrap)));
                    model.callers.push((number, false));
                    number += 1;
                }
                Step::Poll(at) if !callers.is_empty() => {
                    let at = at % callers.len();
                    let (_, call, slot) = &mut callers[at];
                    if let (Some(call), Poll::Pending) = (call, &slot) {
                        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                        *slot = polled.map(Result::unwrap);
                    }
                }
                Step::Leave(at) if !callers.is_empty() => {
                    let at = at % callers.len();
                    drop(callers.remove(at));
                    model.callers.remove(at);
                }
                Step::Limit(limit) => {
                    pool.reconfigure(config.max_concurrent(limit));
                    model.limit = limit as usize;
                }
                Step::Poll(_) | Step::Leave(_) => {}
            }
            model.hand_over();
            for ((number, _, slot), (expected, has_slot)) in callers.iter().zip(&model.callers) {
                prop_assert_eq!(number, expected);
                // A caller that has a slot knows it when it is polled.
                prop_assert!(slot.is_pending() || *has_slot, "{} overtook", number);
            }
            let stats = pool.stats();
            let waiting = model.callers.len() - model.in_use();
            prop_assert_eq!(stats.in_use, model.in_use() as u64);
            prop_assert_eq!(stats.waiting, waiting as u64);
        }
    }
}
