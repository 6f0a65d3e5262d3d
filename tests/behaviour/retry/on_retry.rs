//! The hook before each wait.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use resilience::{RetryEvent, retry};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// The contents of an event: attempt, delay, elapsed, outcome.
type Seen = (u32, Duration, Duration, Result<u32, String>);
type Log = RefCell<Vec<Seen>>;

fn note(event: &RetryEvent<'_, u32, String>, log: &Log) {
    let outcome = event.outcome.copied().map_err(Clone::clone);
    log.borrow_mut()
        .push((event.attempt, event.delay, event.elapsed, outcome));
}

#[tokio::test(start_paused = true)]
async fn it_is_told_everything_about_the_attempt_that_just_failed() {
    #[retry(jitter = none, on_retry = |event| note(event, log))]
    async fn call(calls: &Cell<u32>, log: &Log) -> Result<u32, String> {
        sleep(10 * SECOND).await;
        calls.set(calls.get() + 1);
        Err(format!("failure {}", calls.get()))
    }
    let log = Log::default();
    assert_eq!(call(&Cell::new(0), &log).await, Err("failure 4".to_owned()));
    let failure = |number: u32| Err(format!("failure {number}"));
    assert_eq!(
        log.into_inner(),
        [
            (1, SECOND, 10 * SECOND, failure(1)),
            (2, 2 * SECOND, 21 * SECOND, failure(2)),
            (3, 4 * SECOND, 33 * SECOND, failure(3)),
        ]
    );
}

#[test]
fn it_is_told_the_operation_and_how_many_attempts_there_are() {
    #[retry(max_retries = 1, base_delay = 0s, on_retry = |event| {
        told.borrow_mut().push((event.operation.to_owned(), event.max_attempts));
    })]
    fn call(told: &RefCell<Vec<(String, u32)>>) -> Result<(), ()> {
        Err(())
    }
    let told = RefCell::default();
    assert_eq!(call(&told), Err(()));
    let operation = concat!(module_path!(), "::call");
    assert_eq!(told.into_inner(), [(operation.to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn it_is_called_before_the_wait_and_not_after_the_last_attempt() {
    #[retry(max_retries = 2, jitter = none, on_retry = |_| hooked.borrow_mut().push(Instant::now()))]
    async fn call(hooked: &RefCell<Vec<Instant>>) -> Result<(), ()> {
        Err(())
    }
    let (start, hooked) = (Instant::now(), RefCell::default());
    assert_eq!(call(&hooked).await, Err(()));
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert_eq!(hooked.into_inner(), [start, start + SECOND]);
}

#[test]
fn it_sees_a_value_that_was_not_accepted() {
    #[retry(base_delay = 0s, retry_if_ok = |value| *value < 3, on_retry = |event| note(event, log))]
    fn call(calls: &Cell<u32>, log: &Log) -> Result<u32, String> {
        calls.set(calls.get() + 1);
        Ok(calls.get())
    }
    let log = Log::default();
    assert_eq!(call(&Cell::new(0), &log), Ok(3));
    let outcomes: Vec<_> = log
        .into_inner()
        .into_iter()
        .map(|(attempt, .., outcome)| (attempt, outcome))
        .collect();
    assert_eq!(outcomes, [(1, Ok(1)), (2, Ok(2))]);
}

#[test]
fn it_is_not_called_for_a_success_nor_for_what_is_not_retried() {
    #[retry(base_delay = 0s, abort_on(_), on_retry = |_| called.set(true))]
    fn call(outcome: Result<u32, u32>, called: &Cell<bool>) -> Result<u32, u32> {
        outcome
    }
    let called = Cell::new(false);
    assert_eq!(call(Ok(1), &called), Ok(1));
    assert_eq!(call(Err(2), &called), Err(2));
    assert!(!called.get());
}

#[tokio::test(start_paused = true)]
async fn it_is_not_called_for_a_wait_that_is_not_begun() {
    #[retry(max_elapsed = 2s, jitter = none, on_retry = |event| attempts.borrow_mut().push(event.attempt))]
    async fn call(attempts: &RefCell<Vec<u32>>) -> Result<(), ()> {
        Err(())
    }
    let attempts = RefCell::default();
    assert_eq!(call(&attempts).await, Err(()));
    assert_eq!(attempts.into_inner(), [1]);
}

#[test]
fn it_may_be_a_path() {
    thread_local! {
        static ATTEMPTS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    }
    fn count<T, E>(event: &RetryEvent<'_, T, E>) {
        ATTEMPTS.with_borrow_mut(|attempts| attempts.push(event.attempt));
    }
    #[retry(max_retries = 2, base_delay = 0s, on_retry = count)]
    fn call() -> Result<(), ()> {
        Err(())
    }
    assert_eq!(call(), Err(()));
    assert_eq!(ATTEMPTS.take(), [1, 2]);
}

#[test]
fn it_may_change_what_a_mutable_argument_refers_to() {
    #[retry(base_delay = 0s, on_retry = |event| host.push_str(&event.attempt.to_string()))]
    fn call(host: &mut String) -> Result<usize, usize> {
        if host.len() < 3 {
            Err(host.len())
        } else {
            Ok(host.len())
        }
    }
    let mut host = "h".to_owned();
    assert_eq!(call(&mut host), Ok(3));
    assert_eq!(host, "h12");
}
