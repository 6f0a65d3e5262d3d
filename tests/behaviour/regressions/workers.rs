//! Arguments and values of a sync `#[timeout]`, whose body runs on a worker thread.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use resilience::{TimedOut, retry, timeout};

use crate::abandoned::abandon;

/// Tells when it is dropped.
struct Lock(mpsc::Sender<&'static str>);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.send("released");
    }
}

#[test]
fn an_argument_that_is_only_held_was_dropped_while_the_abandoned_body_ran() {
    #[timeout(limit)]
    fn work(
        limit: Duration,
        _lock: Lock,
        done: mpsc::Sender<&'static str>,
        go_on: mpsc::Receiver<()>,
    ) -> Result<(), TimedOut> {
        let _ = go_on.recv();
        let _ = done.send("ended");
        Ok(())
    }
    let mut told = None;
    let (_, may_go) = abandon(|limit, go_on| {
        let (tell, is_told) = mpsc::channel();
        told = Some(is_told);
        work(limit, Lock(tell.clone()), tell, go_on).unwrap_err()
    });
    let told = told.expect("it was called");
    assert!(
        told.try_recv().is_err(),
        "the lock is held as long as the body runs"
    );
    drop(may_go);
    let events: Vec<_> = told.iter().collect();
    assert_eq!(events, ["ended", "released"]);
}

#[test]
fn an_argument_of_which_one_field_is_used_was_dropped_in_part() {
    struct Job {
        _lock: Lock,
        done: mpsc::Sender<&'static str>,
        go_on: mpsc::Receiver<()>,
    }
    #[timeout(limit)]
    fn work(limit: Duration, job: Job) -> Result<(), TimedOut> {
        let _ = job.go_on.recv();
        let _ = job.done.send("ended");
        Ok(())
    }
    let mut told = None;
    let (_, may_go) = abandon(|limit, go_on| {
        let (tell, is_told) = mpsc::channel();
        told = Some(is_told);
        let job = Job {
            _lock: Lock(tell.clone()),
            done: tell,
            go_on,
        };
        work(limit, job).unwrap_err()
    });
    drop(may_go);
    let events: Vec<_> = told.expect("it was called").iter().collect();
    assert_eq!(events, ["ended", "released"]);
}

#[test]
fn run_time_values_inside_a_worker_were_computed_for_each_attempt() {
    static COMPUTED: AtomicU32 = AtomicU32::new(0);
    fn retries() -> u32 {
        COMPUTED.fetch_add(1, SeqCst);
        1
    }
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(1h)]
    #[retry(max_retries = retries(), base_delay = 0s)]
    fn fetch(calls: Arc<AtomicU32>) -> io::Result<()> {
        calls.fetch_add(1, SeqCst);
        Err(io::Error::other("busy"))
    }
    let calls = Arc::new(AtomicU32::new(0));
    fetch(Arc::clone(&calls)).unwrap_err();
    assert_eq!((calls.load(SeqCst), COMPUTED.load(SeqCst)), (6, 1));
}

#[test]
fn an_argument_that_only_a_format_string_names_was_not_copied_for_the_worker() {
    #[retry(max_retries = 1, base_delay = 0s)]
    #[timeout(1h, error = |late| late.to_string())]
    fn fetch(url: String) -> Result<(), String> {
        Err(format!("no answer from {url:?}"))
    }
    assert_eq!(
        fetch("there".to_owned()).unwrap_err(),
        "no answer from \"there\""
    );
}
