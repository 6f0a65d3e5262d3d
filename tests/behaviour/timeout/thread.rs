//! `mode = thread`: the body runs on a worker, and the caller leaves at the deadline.
//!
//! Time is real here, so no test expects a body to end within a short limit. A body that must not
//! end in time waits for a message.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use resilience::{TimedOut, deadline, is_abandoned, retry, timeout};
use tokio::time::Instant;

use crate::abandoned::abandon;

/// Only a test that fails waits for so long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

fn worker_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

#[test]
fn it_is_the_mode_of_a_sync_function_and_can_be_named() {
    #[timeout(1h)]
    fn unnamed() -> Result<String, TimedOut> {
        Ok(worker_name())
    }
    #[timeout(1h, mode = thread)]
    fn named() -> Result<String, TimedOut> {
        Ok(worker_name())
    }
    for worker in [unnamed(), named()] {
        let worker = worker.expect("in time");
        assert!(worker.starts_with("resilience-"), "{worker}");
    }
}

#[test]
fn the_outcome_of_a_body_in_time_is_returned() {
    #[timeout(1h, error = |late| late.to_string())]
    fn query(outcome: Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
        let mut rows = outcome?;
        rows.push(7);
        Ok(rows)
    }
    assert_eq!(query(Ok(vec![6])), Ok(vec![6, 7]));
    assert_eq!(query(Err("refused".to_owned())), Err("refused".to_owned()));
}

#[test]
fn the_caller_gets_its_error_while_the_body_still_runs() {
    #[timeout(limit)]
    fn query(
        limit: Duration,
        go_on: Receiver<()>,
        done: Sender<&'static str>,
    ) -> Result<(), TimedOut> {
        let _ = go_on.recv();
        let _ = done.send("done");
        Ok(())
    }
    let (done, is_done) = mpsc::channel();
    let (late, may_go) = abandon(|limit, go_on| query(limit, go_on, done.clone()).unwrap_err());
    assert_eq!(late.operation(), concat!(module_path!(), "::query"));
    assert!(is_done.try_recv().is_err());
    drop(may_go);
    assert_eq!(is_done.recv_timeout(LONGEST_WAIT), Ok("done"));
}

#[test]
fn the_abandoned_body_can_see_that_it_is_abandoned() {
    #[timeout(limit)]
    fn query(
        limit: Duration,
        go_on: Receiver<()>,
        tell: Sender<(bool, bool)>,
    ) -> Result<(), TimedOut> {
        let before = is_abandoned();
        let _ = go_on.recv();
        let _ = tell.send((before, is_abandoned()));
        Ok(())
    }
    let (tell, told) = mpsc::channel();
    let (_, may_go) = abandon(|limit, go_on| query(limit, go_on, tell.clone()).unwrap_err());
    drop(may_go);
    assert_eq!(told.recv_timeout(LONGEST_WAIT), Ok((false, true)));
    assert!(!is_abandoned(), "the caller was not");
}

#[test]
fn the_late_result_is_dropped() {
    #[derive(Debug)]
    struct OnDrop(Sender<String>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let _ = self.0.send(worker_name());
        }
    }
    #[timeout(limit)]
    fn query(
        limit: Duration,
        go_on: Receiver<()>,
        tell: Sender<String>,
    ) -> Result<OnDrop, TimedOut> {
        let _ = go_on.recv();
        Ok(OnDrop(tell))
    }
    let (tell, told) = mpsc::channel();
    let (_, may_go) = abandon(|limit, go_on| query(limit, go_on, tell.clone()).unwrap_err());
    assert!(told.try_recv().is_err(), "there is no result yet");
    drop(may_go);
    let place = told.recv_timeout(LONGEST_WAIT).expect("it is dropped");
    assert!(place.starts_with("resilience-"), "{place}");
}

#[test]
fn the_body_sees_its_deadline() {
    #[timeout(limit)]
    fn query(limit: Duration) -> Result<Option<Instant>, TimedOut> {
        Ok(deadline())
    }
    let limit = Duration::from_secs(3600);
    let before = Instant::now();
    let seen = query(limit).expect("in time").expect("it has a limit");
    assert!((before + limit..=Instant::now() + limit).contains(&seen));
    assert_eq!(query(Duration::MAX), Ok(None), "never");
    assert_eq!(deadline(), None, "outside there is none");
}

#[test]
fn with_no_time_left_the_body_does_not_begin() {
    #[timeout(limit)]
    fn query(limit: Duration) -> Result<(), TimedOut> {
        unreachable!("{limit:?}")
    }
    assert!(!query(Duration::ZERO).unwrap_err().was_started());
}

#[test]
fn a_limit_is_cut_to_what_the_enclosing_one_leaves() {
    #[timeout(1h)]
    fn outer() -> Result<bool, TimedOut> {
        let mine = deadline();
        let theirs = inner()?;
        // The clock is read again between the two calls, so the deadlines differ by a little.
        Ok(theirs
            .zip(mine)
            .is_some_and(|(theirs, mine)| theirs <= mine + LONGEST_WAIT))
    }
    #[timeout(1000h)]
    fn inner() -> Result<Option<Instant>, TimedOut> {
        Ok(deadline())
    }
    assert_eq!(outer(), Ok(true));
}

#[expect(clippy::large_stack_arrays, reason = "the stack is the subject")]
#[test]
fn a_result_of_200_kilobytes_fits_into_the_stack_of_a_worker() {
    #[timeout(1h, error = |late| late.to_string())]
    fn page(byte: u8) -> Result<[u8; 200_000], String> {
        Ok([byte; 200_000])
    }
    // The caller copies the result, too, and gets a stack that is large enough.
    let caller = thread::Builder::new().stack_size(16 << 20);
    let last_byte = caller.spawn(|| page(7).map(|page| page[199_999]));
    assert_eq!(last_byte.unwrap().join().unwrap(), Ok(7));
}

#[test]
fn a_panic_passes_through_unchanged_and_leaves_nothing_broken() {
    #[timeout(1h)]
    fn query(panics: bool) -> Result<u8, TimedOut> {
        if panics { panic_any(7_u8) } else { Ok(1) }
    }
    let payload = catch_unwind(AssertUnwindSafe(|| query(true))).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u8));
    assert_eq!(query(false), Ok(1));
}

#[test]
fn owned_arguments_and_receivers_move_to_the_worker() {
    struct Db {
        rows: Mutex<Vec<u8>>,
    }
    impl Db {
        #[timeout(1h)]
        fn push(self: Arc<Self>, row: u8) -> Result<usize, TimedOut> {
            let mut rows = self.rows.lock().expect("no panic");
            rows.push(row);
            Ok(rows.len())
        }

        #[timeout(1h)]
        fn into_rows(self) -> Result<Vec<u8>, TimedOut> {
            Ok(self.rows.into_inner().expect("no panic"))
        }

        #[timeout(1h)]
        fn open(
            mut rows: Vec<u8>,
            name: &'static str,
            (first, ..): (u8, u8),
        ) -> Result<Self, TimedOut> {
            rows.push(first);
            rows.extend(name.bytes());
            Ok(Self {
                rows: Mutex::new(rows),
            })
        }
    }
    let db = Arc::new(Db::open(vec![1], "\u{3}", (2, 9)).expect("in time"));
    assert_eq!(Arc::clone(&db).push(4), Ok(4));
    let db = Arc::into_inner(db).expect("the worker has let go of it");
    assert_eq!(db.into_rows(), Ok(vec![1, 2, 3, 4]));
}

#[test]
fn a_generic_body_runs_on_a_worker() {
    #[timeout(1h)]
    fn query<T, F>(body: F) -> Result<T, TimedOut>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        Ok(body())
    }
    let owned = "owned".to_owned();
    assert_eq!(query(move || owned.len()), Ok(5));
}

#[test]
fn under_a_retry_each_attempt_has_arguments_of_its_own() {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a worker needs arguments of its own"
    )]
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(1h, error = |late| late.to_string())]
    fn query(mut rows: Vec<u8>, begun: Sender<usize>) -> Result<(), String> {
        rows.push(7);
        let _ = begun.send(rows.len());
        Err("busy".to_owned())
    }
    let (begun, seen) = mpsc::channel();
    assert_eq!(query(vec![6], begun), Err("busy".to_owned()));
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [2, 2, 2]);
}

#[test]
fn an_attempt_after_an_abandoned_one_runs_on_another_worker() {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a worker needs arguments of its own"
    )]
    #[retry(max_retries = 1, base_delay = 0s)]
    #[timeout(limit)]
    fn query(
        limit: Duration,
        go_on: Arc<Mutex<Receiver<()>>>,
        tell: Sender<(Duration, String)>,
    ) -> Result<(), TimedOut> {
        let _ = tell.send((limit, worker_name()));
        // The first attempt waits for the sender's drop, and the second for the first.
        let _ = go_on.lock().map(|go_on| go_on.recv());
        Ok(())
    }
    let (tell, told) = mpsc::channel();
    let (late, may_go) = abandon(|limit, go_on| {
        query(limit, Arc::new(Mutex::new(go_on)), tell.clone()).unwrap_err()
    });
    drop((may_go, tell));
    // The attempts of the calls before, with limits that were too short, may have run on any
    // worker.
    let mut workers: Vec<_> = told
        .into_iter()
        .filter(|(limit, _)| *limit == late.limit())
        .collect();
    let attempts = workers.len();
    assert!((1..=2).contains(&attempts));
    workers.dedup();
    assert_eq!(workers.len(), attempts);
}
