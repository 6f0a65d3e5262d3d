use std::{
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use tokio::time::{Instant, advance};

use super::*;
use crate::{
    by_name::Modes,
    circuit::capture,
    keyed::KeyText,
    limiter::{LimiterSite, idle_key},
    operation::Operation,
    registry, with_deadline,
};

const SECOND: Duration = Duration::from_secs(1);

fn bulkhead(limit: u32) -> Bulkhead {
    Bulkhead::new("pool", BulkheadConfig::new(limit).max_wait(SECOND))
}

fn refusing(limit: u32) -> Bulkhead {
    Bulkhead::new("pool", BulkheadConfig::new(limit))
}

fn unenforced() -> Modes {
    Modes {
        is_enforced: false,
        ..Modes::ON
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_limit_is_refused_at_once_without_a_wait() {
    let pool = refusing(2);
    let (one, _two) = (pool.acquire().unwrap(), pool.acquire().unwrap());
    let full = pool.acquire().unwrap_err();
    assert_eq!(
        (full.name(), full.key(), full.limit(), full.waited()),
        ("pool", None, 2, Duration::ZERO)
    );
    drop(one);
    let _three = pool.acquire().unwrap();
    let stats = pool.stats();
    assert_eq!(
        (stats.in_use, stats.waiting, stats.admitted, stats.refused),
        (2, 0, 3, 1)
    );
}

#[test]
fn an_owned_permit_has_the_slot_of_the_permit_before() {
    let pool = refusing(1);
    let permit = pool.acquire().unwrap().into_owned();
    assert_eq!(pool.stats().in_use, 1);
    assert!(pool.acquire().is_err());
    drop(permit);
    assert_eq!(pool.stats().in_use, 0);
}

/// The call that ended got the panic, and the waiters behind the first one got no slot.
#[test]
fn a_waker_that_panics_breaks_no_other_call() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new("expected"));
        }
    }
    // A wait without an end needs no timer.
    let pool = Bulkhead::new("pool", BulkheadConfig::new(1).max_wait(Duration::MAX));
    let permit = pool.acquire().unwrap();
    let waker = Waker::from(Arc::new(Panics));
    let mut waits = [pin!(pool.acquire_async()), pin!(pool.acquire_async())];
    for wait in &mut waits {
        let polled = wait.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    pool.reconfigure(BulkheadConfig::new(2));
    drop(permit);
    for mut wait in waits {
        assert!(poll(wait.as_mut()).is_ready(), "it has a slot");
    }
}

#[test]
fn a_permit_survives_a_panic() {
    let pool = refusing(1);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _permit = pool.acquire().unwrap();
        panic!("expected");
    }));
    assert!(caught.is_err());
    assert_eq!(pool.stats().in_use, 0);
    assert!(pool.acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_max_wait_and_says_how_long_it_was() {
    let pool = bulkhead(1);
    let _permit = pool.acquire_async().await.unwrap();
    let start = Instant::now();
    let full = pool.acquire_async().await.unwrap_err();
    assert_eq!((start.elapsed(), full.waited()), (SECOND, SECOND));
    assert_eq!((pool.stats().waiting, pool.stats().refused), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_slot_at_the_moment_of_max_wait_is_taken() {
    let pool = bulkhead(1);
    let permit = pool.acquire_async().await.unwrap();
    let mut waiting = pin!(pool.acquire_async());
    assert!(poll(waiting.as_mut()).is_pending());
    advance(SECOND).await;
    drop(permit);
    assert!(matches!(poll(waiting), Poll::Ready(Ok(_))));
}

/// The queue drops the waker of the poll before, and this waker frees the slot when it is dropped,
/// which is between the look for a slot and the timer.
#[tokio::test(start_paused = true)]
async fn a_slot_that_comes_while_the_wait_ends_is_taken() {
    struct Holder {
        _permit: OwnedBulkheadPermit,
    }
    impl std::task::Wake for Holder {
        fn wake(self: Arc<Self>) {}
    }
    let pool = bulkhead(1);
    let holder = Waker::from(Arc::new(Holder {
        _permit: pool.acquire().unwrap().into_owned(),
    }));
    let mut waiting = pin!(pool.acquire_async());
    let mut cx = Context::from_waker(&holder);
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    drop(holder);
    advance(SECOND * 2).await;
    assert_eq!((pool.stats().in_use, pool.stats().waiting), (1, 1));
    let Poll::Ready(admitted) = poll(waiting) else {
        panic!("the wait is over")
    };
    let permit = admitted.expect("the slot was handed over");
    assert_eq!((pool.stats().in_use, pool.stats().waiting), (1, 0));
    drop(permit);
    assert_eq!((pool.stats().in_use, pool.stats().refused), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order_and_nobody_overtakes_them() {
    let pool = bulkhead(1);
    let permit = pool.acquire_async().await.unwrap();
    let [mut first, mut second, mut third] = [0; 3].map(|_| Box::pin(pool.acquire_async()));
    for waiter in [&mut first, &mut second, &mut third] {
        assert!(poll(waiter.as_mut()).is_pending());
    }
    assert_eq!(pool.stats().waiting, 3);
    drop(permit);
    // The slot is the first waiter's, although it has not been polled.
    let mut newcomer = Box::pin(pool.acquire_async());
    assert!(poll(newcomer.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    let Poll::Ready(Ok(permit)) = poll(first.as_mut()) else {
        panic!("the first has the slot")
    };
    drop(second);
    drop(permit);
    assert!(poll(newcomer.as_mut()).is_pending(), "it came last");
    let Poll::Ready(Ok(permit)) = poll(third.as_mut()) else {
        panic!("the second left, so the third has the slot")
    };
    drop(permit);
    assert!(matches!(poll(newcomer.as_mut()), Poll::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_with_a_slot_hands_it_on() {
    let pool = bulkhead(1);
    let permit = pool.acquire_async().await.unwrap();
    let [mut first, mut second] = [0; 2].map(|_| Box::pin(pool.acquire_async()));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    drop(permit);
    drop(first);
    assert!(matches!(poll(second.as_mut()), Poll::Ready(Ok(_))));
    drop(second);
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.waiting), (0, 0));
}

#[test]
fn sync_and_async_callers_wait_in_one_queue() {
    let pool = Bulkhead::new("pool", BulkheadConfig::new(1).max_wait(Duration::MAX));
    let order = Mutex::new(Vec::new());
    let permit = pool.acquire().unwrap();
    let mut first = Box::pin(pool.acquire_async());
    assert!(poll(first.as_mut()).is_pending());
    thread::scope(|scope| {
        scope.spawn(|| {
            let _permit = pool.acquire().unwrap();
            order.lock().unwrap().push("thread");
        });
        let begun = std::time::Instant::now();
        let wait = |what| {
            assert!(begun.elapsed() < SECOND * 60, "{what}");
            thread::yield_now();
        };
        while pool.stats().waiting < 2 {
            wait("the thread does not wait for a slot");
        }
        let mut last = Box::pin(pool.acquire_async());
        assert!(poll(last.as_mut()).is_pending());
        drop(permit);
        let Poll::Ready(Ok(permit)) = poll(first.as_mut()) else {
            panic!("the first has the slot")
        };
        order.lock().unwrap().push("first");
        drop(permit);
        let permit = loop {
            if let Poll::Ready(permit) = poll(last.as_mut()) {
                break permit;
            }
            wait("the thread does not hand the slot on");
        };
        order.lock().unwrap().push("last");
        drop(permit);
    });
    assert_eq!(*order.lock().unwrap(), ["first", "thread", "last"]);
}

#[test]
fn a_sync_wait_ends_and_says_how_long_it_was() {
    let config = BulkheadConfig::new(1).max_wait(Duration::from_millis(20));
    let pool = Bulkhead::new("pool", config);
    let _permit = pool.acquire().unwrap();
    let full = pool.acquire().unwrap_err();
    assert!(full.waited() >= Duration::from_millis(20), "{full}");
    assert_eq!(pool.stats().waiting, 0);
}

#[test]
fn a_sync_wait_does_not_go_beyond_the_deadline() {
    let config = BulkheadConfig::new(1).max_wait(Duration::from_secs(3600));
    let pool = Bulkhead::new("pool", config);
    let _permit = pool.acquire().unwrap();
    let refused = crate::TimeoutConfig::new(Duration::from_millis(20))
        .run_cooperative(|| pool.acquire().map(drop).is_err());
    assert!(refused.is_err() || refused == Ok(true));
    assert_eq!(pool.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_a_task_ends_at_a_deadline_that_no_timeout_enforces() {
    let config = BulkheadConfig::new(1).max_wait(Duration::MAX);
    let pool = Bulkhead::new("pool", config);
    let permit = pool.acquire().unwrap();
    let full = with_deadline(Instant::now() + SECOND, pool.acquire_async()).await;
    assert_eq!(full.unwrap_err().waited(), SECOND);
    // A deadline that has passed leaves no time to wait, but a free slot needs none.
    let full = with_deadline(Instant::now(), pool.acquire_async()).await;
    assert_eq!(full.unwrap_err().waited(), Duration::ZERO);
    assert_eq!((pool.stats().waiting, pool.stats().refused), (0, 2));
    drop(permit);
    let admitted = with_deadline(Instant::now(), pool.acquire_async()).await;
    assert!(admitted.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wait_under_a_timeout_ends_with_the_timeout() {
    let config = BulkheadConfig::new(1).max_wait(SECOND * 10);
    let pool = Bulkhead::new("pool", config);
    let _permit = pool.acquire().unwrap();
    let late = crate::TimeoutConfig::new(SECOND).run_async(pool.acquire_async());
    assert!(late.await.is_err(), "the error is that of the timeout");
    assert_eq!((pool.stats().waiting, pool.stats().refused), (0, 0));
}

#[test]
fn a_higher_limit_takes_effect_at_once_and_a_lower_one_as_calls_end() {
    let config = BulkheadConfig::new(1).max_wait(Duration::MAX);
    let pool = Bulkhead::new("pool", config);
    let one = pool.acquire().unwrap();
    let mut waiting = Box::pin(pool.acquire_async());
    assert!(poll(waiting.as_mut()).is_pending());
    pool.reconfigure(config.max_concurrent(2));
    let Poll::Ready(Ok(two)) = poll(waiting.as_mut()) else {
        panic!("there is a second slot")
    };
    pool.reconfigure(BulkheadConfig::new(1));
    assert_eq!((pool.stats().limit, pool.stats().in_use), (1, 2));
    assert_eq!(pool.acquire().unwrap_err().limit(), 1);
    drop(one);
    assert!(pool.acquire().is_err());
    drop(two);
    assert!(pool.acquire().is_ok());
}

#[test]
fn a_limit_that_is_not_enforced_refuses_nobody_and_counts() {
    let pool = Bulkhead::new("pool", BulkheadConfig::new(1).max_wait(Duration::MAX));
    let _one = pool.acquire().unwrap();
    let mut waiting = Box::pin(pool.acquire_async());
    assert!(poll(waiting.as_mut()).is_pending());
    pool.shared().slots.set_modes(unenforced());
    let Poll::Ready(Ok(_two)) = poll(waiting.as_mut()) else {
        panic!("nobody waits any more")
    };
    let _three = pool.acquire().unwrap();
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.would_refuse, stats.refused), (3, 2, 0));
    pool.shared().slots.set_modes(Modes::ON);
    assert!(poll(pin!(pool.acquire_async())).is_pending());
}

#[test]
fn a_bulkhead_that_is_not_enabled_admits_all_and_counts_none_but_those_that_run() {
    let pool = Bulkhead::new("pool", BulkheadConfig::new(1).max_wait(Duration::MAX));
    let one = pool.acquire().unwrap();
    let mut waiting = Box::pin(pool.acquire_async());
    assert!(poll(waiting.as_mut()).is_pending());
    let off = Modes {
        is_enabled: false,
        ..Modes::ON
    };
    pool.shared().slots.set_modes(off);
    assert!(poll(waiting.as_mut()).is_ready(), "nobody waits any more");
    let before = pool.stats();
    assert_eq!((before.admitted, before.in_use), (2, 1));
    let two = pool.acquire().unwrap();
    for _ in 0..3 {
        drop(pool.acquire().unwrap());
    }
    let stats = pool.stats();
    assert_eq!((stats.admitted, stats.in_use), (2, 2));
    assert_eq!((stats.refused, stats.would_refuse), (0, 0));
    pool.shared().slots.set_modes(Modes::ON);
    drop(one);
    let mut waiting = Box::pin(pool.acquire_async());
    assert!(
        poll(waiting.as_mut()).is_pending(),
        "the other call still runs"
    );
    drop(two);
    assert!(poll(waiting.as_mut()).is_ready());
    assert_eq!(pool.stats().admitted, 3);
}

#[test]
fn the_count_of_calls_goes_on_where_a_part_of_the_word_overflows() {
    let pool = refusing(2);
    let _one = pool.acquire().unwrap();
    for calls in 1..=300_000_u64 {
        drop(pool.acquire().unwrap());
        if calls % 10_000 == 0 {
            assert_eq!(pool.stats().admitted, calls + 1);
        }
    }
    assert_eq!((pool.stats().in_use, pool.stats().limit), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_slot_is_free_only_after_the_body_is_dropped() {
    struct Asks<'p>(&'p Bulkhead);
    impl Drop for Asks<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.stats().in_use, 1);
        }
    }
    static OPERATION: crate::operation::Operation =
        crate::operation::Operation::new("bulkhead::tests::asks");
    let pool = bulkhead(1);
    let asks = Asks(&pool);
    let body = async move {
        let _asks = asks;
        pending::<()>().await;
    };
    let config = BulkheadConfig::new(1);
    let mut call = Box::pin(future::BulkheadFuture::new(
        &pool, &config, &OPERATION, body,
    ));
    assert!(poll(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(pool.stats().in_use, 0);
}

#[test]
#[should_panic(expected = "`pool` needs a tokio runtime with its timer enabled")]
fn without_a_runtime_the_panic_names_the_bulkhead() {
    let pool = bulkhead(1);
    let _permit = pool.acquire().unwrap();
    let _ = poll(pin!(pool.acquire_async()));
}

#[test]
fn a_wait_without_end_needs_no_timer() {
    let pool = Bulkhead::new("pool", BulkheadConfig::new(1).max_wait(Duration::MAX));
    let permit = pool.acquire().unwrap();
    let mut waiting = pin!(pool.acquire_async());
    assert!(poll(waiting.as_mut()).is_pending());
    drop(permit);
    assert!(matches!(poll(waiting), Poll::Ready(Ok(_))));
}

#[test]
fn the_task_that_polled_last_is_woken() {
    #[derive(Default)]
    struct Wakes(AtomicU32);
    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let pool = Bulkhead::new("pool", BulkheadConfig::new(1).max_wait(Duration::MAX));
    let permit = pool.acquire().unwrap();
    let (before, last) = (Arc::<Wakes>::default(), Arc::<Wakes>::default());
    let mut waiting = pin!(pool.acquire_async());
    for wakes in [&before, &last] {
        let task = Waker::from(Arc::clone(wakes));
        assert!(
            waiting
                .as_mut()
                .poll(&mut Context::from_waker(&task))
                .is_pending()
        );
    }
    drop(permit);
    let woken = [&before, &last].map(|wakes| wakes.0.load(Ordering::Relaxed));
    assert_eq!(woken, [0, 1]);
}

#[test]
fn refusals_are_logged_once_a_minute() {
    let pool = refusing(1);
    let events = capture::events(|| {
        let _permit = pool.acquire().unwrap();
        for _ in 0..5 {
            assert!(pool.acquire().is_err());
        }
    });
    let [event] = &events[..] else {
        panic!("one event, not {events:?}")
    };
    assert!(
        event.starts_with(
            "WARN resilience: message=bulkhead is full: calls are refused bulkhead=\"pool\" \
             limit=1 in_use=1 waiting=0 refused=1"
        ),
        "{event}"
    );
}

#[test]
fn names_share_a_bulkhead_and_clashes_are_told_once() {
    let config = BulkheadConfig::new(3);
    let register = || registry::get_or_register_bulkhead("tests::shared", config);
    let one = register();
    let _permit = one.acquire().unwrap();
    let events = capture::events(|| {
        registry::get_or_register_bulkhead("tests::shared", config.max_wait(SECOND));
    });
    assert!(
        events.is_empty(),
        "the wait is the caller's own: {events:?}"
    );
    let events = capture::events(|| {
        for _ in 0..2 {
            let other = config.max_concurrent(4);
            let two = registry::get_or_register_bulkhead("tests::shared", other);
            assert_eq!((two.stats().limit, two.stats().in_use), (3, 1));
        }
    });
    let [event] = &events[..] else {
        panic!("one event, not {events:?}")
    };
    assert!(
        event.starts_with("ERROR resilience: message=bulkhead is configured twice and differently"),
        "{event}"
    );
    assert!(registry::reconfigure_bulkhead(
        "tests::shared",
        config.max_concurrent(9)
    ));
    assert_eq!(register().stats().limit, 9, "no line changes it back");
    assert!(
        registry::snapshot()
            .bulkheads
            .iter()
            .any(|stats| stats.name == "tests::shared")
    );
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_of_the_registry_waits_as_long_as_its_first_call_says() {
    let config = BulkheadConfig::new(1).max_wait(SECOND);
    let pool = registry::get_or_register_bulkhead("tests::waits", config);
    let _permit = pool.acquire().unwrap();
    let full = pool.acquire_async().await.unwrap_err();
    assert_eq!(full.waited(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_bulkhead_of_a_key_is_idle_from_the_end_of_its_last_call_on() {
    static OPERATION: Operation = Operation::new("bulkhead::tests::idle");
    static SITE: LimiterSite<Bulkhead> = LimiterSite::new("tests::idle", &OPERATION);
    let config = BulkheadConfig::new(1).max_keys(1).idle(idle_key::IDLE);
    let call = |key| {
        let bulkhead = SITE.of_key(&config, KeyText::Text(key));
        drop(bulkhead.limiter().acquire().unwrap());
    };
    let is_known = |key| registry::bulkhead_of_key("tests::idle", key).is_some();
    idle_key::assert_counts_from_the_last_call(call, is_known).await;
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_bulkhead_and_an_idle_one_makes_room() {
    static OPERATION: Operation = Operation::new("bulkhead::tests::keys");
    static SITE: LimiterSite<Bulkhead> = LimiterSite::new("tests::keys", &OPERATION);
    let config = BulkheadConfig::new(1).max_keys(2).idle(SECOND);
    let of = |key: &'static str| SITE.of_key(&config, KeyText::Text(key));

    let a = of("a");
    let permit = a.limiter().acquire().unwrap();
    assert_eq!(a.limiter().acquire().unwrap_err().key(), Some("a"));
    assert!(of("b").limiter().acquire().is_ok());
    advance(SECOND).await;

    // `a` is in use and `b` is idle, so `b` makes room.
    assert!(of("c").limiter().acquire().is_ok());
    assert!(registry::bulkhead_of_key("tests::keys", "b").is_none());
    // `c` was used just now, so `d` shares.
    let d = of("d");
    let shared = d.limiter().acquire().unwrap();
    let full = d.named(d.limiter().acquire().unwrap_err());
    assert_eq!((full.name(), full.key()), ("tests::keys{*}", Some("d")));
    drop((shared, permit));

    let stats = registry::bulkhead("tests::keys").unwrap();
    assert_eq!((stats.keys, stats.overflow, stats.evicted), (2, 1, 1));
    assert_eq!((stats.in_use, stats.admitted, stats.refused), (0, 4, 2));
    let stats = registry::bulkhead_of_key("tests::keys", "a").unwrap();
    assert_eq!(stats.key.as_deref(), Some("a"));
    assert!(registry::reconfigure_bulkhead(
        "tests::keys",
        config.max_concurrent(5)
    ));
    assert_eq!(of("a").limiter().stats().limit, 5);
    assert_eq!(of("new").limiter().stats().limit, 5);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_at_any_await_leaves_nothing_behind() {
    for polls in 0..6 {
        let pool = bulkhead(1);
        let permit = pool.acquire().unwrap();
        {
            let mut turns = 0;
            let mut call = Box::pin(async {
                let _permit = pool.acquire_async().await.unwrap();
                poll_fn(|_| {
                    turns += 1;
                    if turns > 2 {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
            });
            let mut permit = Some(permit);
            for turn in 0..polls {
                if turn == 2 {
                    permit = None;
                }
                if poll(call.as_mut()).is_ready() {
                    break;
                }
            }
            drop(permit);
        }
        let stats = pool.stats();
        assert_eq!((stats.in_use, stats.waiting), (0, 0), "{polls} polls");
        assert!(pool.acquire().is_ok());
    }
}
