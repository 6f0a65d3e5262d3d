use std::{
    fmt::Write as _,
    panic::panic_any,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tracing::{
    Event, Metadata, Subscriber,
    dispatcher::{self, Dispatch},
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use super::*;
use crate::{deadline, is_abandoned, timeout::thread::worker_config::WorkerConfig};

const LONG: Duration = Duration::from_secs(3600);
const CONFIG: WorkerConfig = WorkerConfig::new().max_share(1.0);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

fn pool() -> Arc<Pool> {
    Pool::new(CONFIG.max_workers(8))
}

fn run<T: Send + 'static>(
    pool: &Arc<Pool>,
    limit: Duration,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TimedOut> {
    run_on(pool, TimeoutConfig::new(limit).operation("body"), body)
}

/// Abandons a body that has begun. The body goes on when the returned sender is dropped.
///
/// The limit grows until the body begins within it, so that no busy machine is too slow for the
/// test.
fn abandon<T: Send + 'static>(
    pool: &Arc<Pool>,
    body: impl Fn(&mpsc::Receiver<()>) -> T + Clone + Send + 'static,
) -> mpsc::Sender<()> {
    for limit in [10, 100, 1_000, 10_000].map(Duration::from_millis) {
        let (may_go, go_on) = mpsc::channel();
        let body = body.clone();
        let error = run(pool, limit, move || body(&go_on))
            .err()
            .expect("it waits for longer");
        assert_eq!((error.operation(), error.limit()), ("body", limit));
        if error.was_started() {
            return may_go;
        }
        // A pool of one worker is full until the worker has dropped the task.
        wait_until(|| pool.stats().idle == pool.stats().live);
    }
    panic!("no body begins within seconds");
}

fn wait_until(condition: impl Fn() -> bool) {
    let begun = time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONGEST_WAIT, "it never came");
        thread::yield_now();
    }
}

#[test]
fn the_bodys_result_comes_from_a_worker() {
    let name = run(&pool(), LONG, || {
        thread::current().name().map(str::to_owned)
    });
    assert_eq!(name, Ok(Some("resilience-1".to_owned())));
}

#[test]
fn a_panic_reaches_the_caller_with_its_payload_and_the_worker_lives_on() {
    let pool = pool();
    let unwound = catch_unwind(AssertUnwindSafe(|| run(&pool, LONG, || panic_any(7_u8))));
    assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&7_u8));
    assert_eq!(run(&pool, LONG, || 1), Ok(1));
    let stats = pool.stats();
    assert_eq!((stats.live, stats.idle), (1, 1));
}

#[test]
fn an_abandoned_body_goes_on_and_sees_that_it_is_abandoned() {
    let pool = pool();
    let (sender, received) = mpsc::channel();
    let may_go = abandon(&pool, move |go_on| {
        let before = is_abandoned();
        let _ = go_on.recv();
        let nested = TimeoutConfig::new(LONG).run_cooperative(|| ());
        let is_refused = nested.is_err_and(|error| error.is_inherited() && !error.was_started());
        sender.send((before, is_abandoned(), is_refused)).unwrap();
    });
    assert_eq!(pool.stats().abandoned_running, 1);
    drop(may_go);
    assert_eq!(received.recv_timeout(LONGEST_WAIT), Ok((false, true, true)));
    wait_until(|| pool.stats().abandoned_running == 0);
    assert_eq!(
        run(&pool, LONG, is_abandoned),
        Ok(false),
        "the next body begins anew"
    );
}

#[test]
fn a_late_result_is_dropped_on_the_worker() {
    struct TellsWhere(mpsc::Sender<String>);
    impl Drop for TellsWhere {
        fn drop(&mut self) {
            let name = thread::current().name().unwrap_or_default().to_owned();
            self.0.send(name).unwrap();
        }
    }
    let pool = pool();
    let (sender, received) = mpsc::channel();
    let may_go = abandon(&pool, move |go_on| {
        let _ = go_on.recv();
        TellsWhere(sender.clone())
    });
    assert!(received.try_recv().is_err());
    drop(may_go);
    let place = received.recv_timeout(LONGEST_WAIT).unwrap();
    assert!(place.starts_with("resilience-"), "dropped on {place}");
}

#[test]
fn a_late_result_that_panics_in_its_drop_costs_no_worker() {
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            panic_any(Explosive);
        }
    }
    let pool = Pool::new(CONFIG.max_workers(1));
    let may_go = abandon(&pool, |go_on| {
        let _ = go_on.recv();
        Explosive
    });
    drop(may_go);
    wait_until(|| pool.stats().idle == 1);
    let stats = pool.stats();
    assert_eq!((stats.live, stats.abandoned_running), (1, 0));
    assert_eq!(run(&pool, LONG, || 1), Ok(1));
}

#[test]
fn a_full_pool_is_a_timeout_whose_text_says_so() {
    let pool = Pool::new(CONFIG.max_workers(1));
    let may_go = abandon(&pool, |go_on| go_on.recv().is_ok());
    let error = run(&pool, LONG, || 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`body` was not started: no worker thread was free"
    );
    assert!(!error.was_started());
    assert_eq!(pool.stats().refused, 1);
    drop(may_go);
}

#[test]
fn with_no_time_left_the_body_does_not_begin() {
    let pool = pool();
    let spent = TimeoutConfig::at_most(Duration::ZERO);
    let error = run_on(&pool, spent, || panic!("it began"))
        .map(|(): ()| ())
        .unwrap_err();
    assert!(!error.was_started());
    assert_eq!(pool.stats().live, 0);
}

#[test]
fn a_limit_without_end_has_no_deadline() {
    assert_eq!(run(&pool(), Duration::MAX, deadline), Ok(None));
}

#[test]
fn the_body_sees_the_deadline_of_its_own_limit() {
    let before = Instant::now() + LONG;
    let seen = run(&pool(), LONG, deadline).unwrap().unwrap();
    assert!(before <= seen && seen <= Instant::now() + LONG);
}

#[test]
fn a_body_on_a_worker_runs_others_within_its_own_deadline() {
    let pool = pool();
    let (outer, inner) = run(&pool.clone(), LONG, move || {
        let inner = run(&pool, Duration::MAX, move || {
            (deadline(), thread::current().id())
        });
        ((deadline(), thread::current().id()), inner.unwrap())
    })
    .unwrap();
    assert_ne!(outer.1, inner.1);
    // The clock is read twice between the two calls, so the deadlines differ by a little.
    let (outer, inner) = (outer.0.unwrap(), inner.0.unwrap());
    assert!(inner.max(outer) - inner.min(outer) < LONGEST_WAIT);
}

#[test]
fn the_error_of_a_call_inside_never_comes_before_the_callers_own() {
    let pool = pool();
    for _ in 0..20 {
        let inside = Arc::clone(&pool);
        let (_keep, never) = mpsc::channel::<()>();
        // Both callers wake at the same deadline, and the inner one is often first.
        let outcome = run(&pool, Duration::from_millis(2), move || {
            run(&inside, LONG, move || never.recv().is_err())
        });
        let error = outcome.expect_err("its own limit ran out");
        assert!(!error.is_inherited());
    }
}

#[test]
fn a_call_inside_inherits_the_deadline() {
    let pool = pool();
    let (sender, received) = mpsc::channel();
    let inside = Arc::clone(&pool);
    let outcome = run(&pool, Duration::from_millis(20), move || {
        let (_keep, never) = mpsc::channel::<()>();
        let inner = run(&inside, LONG, move || never.recv().is_err());
        sender.send(inner.unwrap_err()).unwrap();
    });
    assert!(outcome.is_err());
    let inner = received.recv_timeout(LONGEST_WAIT).unwrap();
    assert!(inner.is_inherited());
    assert!(inner.limit() <= Duration::from_millis(20));
}

#[test]
fn an_abandoned_body_abandons_the_bodies_that_it_waits_for() {
    let pool = pool();
    let (sender, received) = mpsc::channel();
    let may_go = abandon(&pool.clone(), move |go_on| {
        let (_keep, never) = mpsc::channel::<()>();
        let inner = run(&pool, LONG, move || {
            wait_until(is_abandoned);
            drop(never);
        });
        sender.send(inner.is_err()).unwrap();
        let _ = go_on.recv();
    });
    assert_eq!(received.recv_timeout(LONGEST_WAIT), Ok(true));
    drop(may_go);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_at_the_caller_does_not_move_the_deadline() {
    tokio::time::advance(LONG * 10).await;
    let left = run(&pool(), LONG, || deadline().map(|at| at - Instant::now()));
    assert!(left.unwrap().unwrap() <= LONG);
    let cooperative = TimeoutConfig::new(LONG);
    let nested = cooperative.run_cooperative(|| {
        run(&pool(), Duration::MAX, || {
            deadline().map(|at| at - Instant::now())
        })
    });
    assert!(nested.unwrap().unwrap().unwrap() <= LONG);
}

#[test]
fn many_callers_at_once_all_get_their_own_result() {
    let pool = Pool::new(
        CONFIG
            .max_workers(64)
            .idle_timeout(Duration::from_millis(1)),
    );
    let served = AtomicUsize::new(0);
    thread::scope(|scope| {
        for caller in 0..8 {
            let (pool, served) = (&pool, &served);
            scope.spawn(move || {
                for call in 0..200 {
                    assert_eq!(run(pool, LONG, move || (caller, call)), Ok((caller, call)));
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(served.into_inner(), 1600);
    assert_eq!(pool.stats().refused, 0);
}

/// A subscriber that sends the level, the target and the fields of each event.
struct Events(mpsc::SyncSender<String>);

impl Subscriber for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                let _ = write!(self.0, " {field}={value:?}");
            }
        }
        let metadata = event.metadata();
        let mut line = Fields(format!("{} {}:", metadata.level(), metadata.target()));
        event.record(&mut line);
        self.0.send(line.0).unwrap();
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn events_of<R>(act: impl FnOnce() -> R) -> (R, mpsc::Receiver<String>) {
    let (sender, received) = mpsc::sync_channel(16);
    crate::tracing_interest::keep_events();
    let result = dispatcher::with_default(&Dispatch::new(Events(sender)), act);
    (result, received)
}

#[test]
fn the_callers_subscriber_hears_the_body() {
    let (outcome, received) =
        events_of(|| run(&pool(), LONG, || tracing::info!(target: "body", rows = 3)));
    assert_eq!(outcome, Ok(()));
    assert_eq!(received.try_recv().as_deref(), Ok("INFO body: rows=3"));
}

#[test]
fn a_late_panic_becomes_an_error_event() {
    let pool = pool();
    let (may_go, received) = events_of(|| {
        abandon(&pool, |go_on| {
            let _ = go_on.recv();
            panic!("too late to matter");
        })
    });
    drop(may_go);
    let line = received.recv_timeout(LONGEST_WAIT).unwrap();
    // The body began within this limit.
    let (before, rest) = line.split_once("limit_ms=").unwrap();
    let (limit, after) = rest.split_once(' ').unwrap();
    assert_eq!(
        before,
        "ERROR resilience: message=a body abandoned at its timeout panicked operation=\"body\" "
    );
    assert!(limit.parse::<f64>().is_ok_and(|limit| limit >= 10.0));
    assert_eq!(after, "panic=\"too late to matter\"");
    wait_until(|| pool.stats().abandoned_running == 0);
    assert_eq!(run(&pool, LONG, || 1), Ok(1));
}
