//! `mode = cooperative`: the body runs in place and may ask how much time it has. The clock is
//! virtual.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use resilience::{TimedOut, deadline, is_abandoned, retry, timeout};
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// Lets time pass in a sync body: the first poll of `advance` moves the clock, and a sync body
/// cannot poll again.
fn work_for(time: Duration) {
    let _ = pin!(advance(time)).poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test(start_paused = true)]
async fn a_result_in_time_is_returned() {
    #[timeout(5s, mode = cooperative)]
    fn query(takes: Duration, outcome: Result<u8, TimedOut>) -> Result<u8, TimedOut> {
        work_for(takes);
        outcome
    }
    assert_eq!(query(SECOND, Ok(7)), Ok(7));
    assert_eq!(
        query(5 * SECOND, Ok(7)),
        Ok(7),
        "exactly as long is in time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_result_becomes_the_error() {
    #[timeout(5s, mode = cooperative)]
    fn query(outcome: Result<u8, TimedOut>) -> Result<u8, TimedOut> {
        work_for(5 * SECOND + NANOSECOND);
        outcome
    }
    let late = query(Ok(7)).unwrap_err();
    assert_eq!(
        (late.operation(), late.limit(), late.was_started()),
        (concat!(module_path!(), "::query"), 5 * SECOND, true)
    );
    assert_eq!(late.to_string(), "`query` timed out after 5s");
    assert_eq!(query(Err(late.clone())), Err(late), "a late error too");
}

#[tokio::test(start_paused = true)]
async fn a_late_result_is_dropped() {
    struct OnDrop<'a>(&'a Cell<u32>);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    #[timeout(5s, mode = cooperative)]
    fn query(drops: &Cell<u32>) -> Result<OnDrop<'_>, TimedOut> {
        work_for(6 * SECOND);
        Ok(OnDrop(drops))
    }
    let drops = Cell::new(0);
    assert!(query(&drops).is_err());
    assert_eq!(drops.get(), 1);
}

#[test]
fn the_body_runs_in_place_and_may_borrow() {
    struct Db {
        rows: Vec<u8>,
    }
    impl Db {
        #[timeout(1h, mode = cooperative)]
        fn first<'a>(
            &'a mut self,
            log: &mut Vec<thread::ThreadId>,
        ) -> Result<Option<&'a mut u8>, TimedOut> {
            log.push(thread::current().id());
            Ok(self.rows.first_mut())
        }
    }
    let (mut db, mut log) = (Db { rows: vec![6] }, Vec::new());
    if let Ok(Some(row)) = db.first(&mut log) {
        *row += 1;
    }
    assert_eq!((db.rows, log), (vec![7], vec![thread::current().id()]));
}

#[tokio::test(start_paused = true)]
async fn the_body_may_ask_for_its_deadline() {
    #[timeout(5s, mode = cooperative)]
    fn query() -> Result<Option<Instant>, TimedOut> {
        work_for(SECOND);
        Ok(deadline())
    }
    let start = Instant::now();
    assert_eq!(query(), Ok(Some(start + 5 * SECOND)));
    assert_eq!(deadline(), None, "outside there is none");
}

#[tokio::test(start_paused = true)]
async fn the_body_may_ask_if_it_is_abandoned() {
    #[timeout(5s, mode = cooperative)]
    fn query(seen: &Cell<Vec<bool>>) -> Result<(), TimedOut> {
        let before = is_abandoned();
        work_for(5 * SECOND);
        let at = is_abandoned();
        work_for(NANOSECOND);
        seen.set(vec![before, at, is_abandoned()]);
        Ok(())
    }
    let seen = Cell::default();
    assert!(query(&seen).is_err());
    assert_eq!(seen.take(), [false, false, true]);
    assert!(!is_abandoned(), "outside there is no one to give it up");
}

#[tokio::test(start_paused = true)]
async fn of_nested_timeouts_the_earliest_deadline_counts() {
    #[timeout(limit, mode = cooperative)]
    fn outer(limit: Duration) -> Result<Option<Instant>, TimedOut> {
        inner()
    }
    #[timeout(5s, mode = cooperative)]
    fn inner() -> Result<Option<Instant>, TimedOut> {
        Ok(deadline())
    }
    let start = Instant::now();
    assert_eq!(outer(3 * SECOND), Ok(Some(start + 3 * SECOND)));
    assert_eq!(outer(9 * SECOND), Ok(Some(start + 5 * SECOND)));
    assert_eq!(outer(Duration::MAX), Ok(Some(start + 5 * SECOND)));
}

#[tokio::test(start_paused = true)]
async fn the_longest_limit_means_never() {
    #[timeout(Duration::MAX, mode = cooperative)]
    fn query() -> Result<Option<Instant>, TimedOut> {
        work_for(365 * 24 * 3600 * SECOND);
        Ok(deadline())
    }
    assert_eq!(query(), Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_accepts_a_body_that_takes_no_time() {
    #[timeout(limit, mode = cooperative)]
    fn query(limit: Duration, takes: Duration) -> Result<u8, TimedOut> {
        work_for(takes);
        Ok(7)
    }
    assert_eq!(query(Duration::ZERO, Duration::ZERO), Ok(7));
    assert!(query(Duration::ZERO, NANOSECOND).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_wait_between_attempts_that_would_outlast_the_deadline_is_not_begun() {
    // A wait of a day would be noticed, because a sync retry sleeps in real time.
    #[timeout(5s, mode = cooperative, error = |_| "late")]
    #[retry(base_delay = delay, max_delay = delay, jitter = none)]
    fn query(delay: Duration, calls: &Cell<u32>) -> Result<(), &'static str> {
        calls.set(calls.get() + 1);
        work_for(3 * SECOND);
        Err("busy")
    }
    let calls = Cell::new(0);
    assert_eq!(query(24 * 3600 * SECOND, &calls), Err("busy"));
    assert_eq!(calls.take(), 1);
    // A delay of zero outlasts no deadline, so attempts go on until the deadline has passed.
    assert_eq!(query(Duration::ZERO, &calls), Err("late"));
    assert_eq!(calls.take(), 2);
}

#[test]
fn a_panic_passes_through_unchanged_and_ends_the_deadline() {
    #[timeout(1h, mode = cooperative)]
    fn query() -> Result<(), TimedOut> {
        panic_any(7_u8)
    }
    let payload = catch_unwind(AssertUnwindSafe(query)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u8));
    assert_eq!(deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_deadline() {
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(5s, mode = cooperative)]
    fn query(deadlines: &mut Vec<Option<Instant>>) -> Result<(), TimedOut> {
        deadlines.push(deadline());
        work_for(6 * SECOND);
        Ok(())
    }
    let (start, mut deadlines) = (Instant::now(), Vec::new());
    assert!(query(&mut deadlines).is_err());
    assert_eq!(
        deadlines,
        [5, 11, 17].map(|seconds| Some(start + seconds * SECOND))
    );
}
