//! A value that is tried again, because it is not the value that the caller waits for.

use std::cell::Cell;
use std::time::Duration;

use resilience::retry;
use tokio::time::Instant;

#[derive(Debug, PartialEq)]
enum Job {
    Pending(u32),
    Done(u32),
}

fn is_pending(job: &Job) -> bool {
    matches!(job, Job::Pending(_))
}

/// Pending until the third time it is asked.
fn status(asked: &Cell<u32>) -> Job {
    asked.set(asked.get() + 1);
    if asked.get() < 3 {
        Job::Pending(asked.get())
    } else {
        Job::Done(asked.get())
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_accepted_is_tried_again() {
    #[retry(retry_if_ok = is_pending, jitter = none)]
    async fn poll(asked: &Cell<u32>) -> Result<Job, ()> {
        Ok(status(asked))
    }
    let start = Instant::now();
    assert_eq!(poll(&Cell::new(0)).await, Ok(Job::Done(3)));
    assert_eq!(start.elapsed(), Duration::from_secs(1 + 2));
}

#[test]
fn a_sync_value_that_is_not_accepted_is_tried_again() {
    #[retry(retry_if_ok = |job| *job != Job::Done(3), base_delay = 0s)]
    fn poll(asked: &Cell<u32>) -> Result<Job, ()> {
        Ok(status(asked))
    }
    assert_eq!(poll(&Cell::new(0)), Ok(Job::Done(3)));
}

#[test]
fn when_attempts_run_out_the_last_value_is_returned() {
    #[retry(max_retries = 1, retry_if_ok = is_pending, base_delay = 0s)]
    fn poll(asked: &Cell<u32>) -> Result<Job, ()> {
        Ok(status(asked))
    }
    assert_eq!(poll(&Cell::new(0)), Ok(Job::Pending(2)));
}

#[tokio::test(start_paused = true)]
async fn when_the_time_runs_out_the_last_value_is_returned() {
    #[retry(max_elapsed = 2s, retry_if_ok = is_pending, jitter = none)]
    async fn poll(asked: &Cell<u32>) -> Result<Job, ()> {
        Ok(status(asked))
    }
    assert_eq!(poll(&Cell::new(0)).await, Ok(Job::Pending(2)));
}

#[test]
fn a_closure_may_use_the_arguments() {
    #[retry(max_retries = 9, retry_if_ok = |value| *value < wanted, base_delay = 0s)]
    fn count(wanted: u32, calls: &Cell<u32>) -> Result<u32, ()> {
        calls.set(calls.get() + 1);
        Ok(calls.get())
    }
    assert_eq!(count(6, &Cell::new(0)), Ok(6));
    assert_eq!(count(0, &Cell::new(0)), Ok(1));
}

#[test]
fn filters_on_errors_have_no_say_in_values() {
    #[retry(retry_if_ok = is_pending, retry_on(true), abort_on(_), retry_if = |_| false, base_delay = 0s)]
    fn poll(asked: &Cell<u32>) -> Result<Job, bool> {
        Ok(status(asked))
    }
    assert_eq!(poll(&Cell::new(0)), Ok(Job::Done(3)));
}

#[test]
fn errors_and_values_share_the_attempts() {
    #[retry(max_retries = 3, retry_if_ok = |_| true, base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<u32, u32> {
        calls.set(calls.get() + 1);
        if calls.get() % 2 == 0 {
            Ok(calls.get())
        } else {
            Err(calls.get())
        }
    }
    assert_eq!(call(&Cell::new(0)), Ok(4));
}

#[test]
fn it_leaves_errors_to_the_error_filters() {
    #[retry(retry_if_ok = |_| true, retry_on(true), base_delay = 0s)]
    fn call(error: bool, calls: &Cell<u32>) -> Result<u32, bool> {
        calls.set(calls.get() + 1);
        Err(error)
    }
    let calls = Cell::new(0);
    assert_eq!((call(false, &calls), calls.take()), (Err(false), 1));
    assert_eq!((call(true, &calls), calls.take()), (Err(true), 4));
}
