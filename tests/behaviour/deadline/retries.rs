//! A retry does not begin a wait that would reach the deadline.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resilience::{RetryConfig, TimedOut, retry, timeout, with_deadline};
use tokio::time::Instant;

use super::SECOND;

fn busy(calls: &Cell<u32>) -> io::Result<()> {
    calls.set(calls.get() + 1);
    Err(io::Error::other("busy"))
}

#[retry(max_retries = 9, base_delay = delay, strategy = constant, jitter = none)]
async fn fetch(calls: &Cell<u32>, delay: Duration) -> io::Result<()> {
    busy(calls)
}

#[timeout(limit)]
async fn within(limit: Duration, calls: &Cell<u32>, delay: Duration) -> io::Result<()> {
    fetch(calls, delay).await
}

/// The text of the error, the calls and the time.
async fn outcome(
    call: impl Future<Output = io::Result<()>>,
    calls: &Cell<u32>,
) -> (String, u32, Duration) {
    let start = Instant::now();
    let error = call.await.unwrap_err();
    (error.to_string(), calls.take(), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn in_another_function_inside_of_a_timeout_it_returns_the_last_error() {
    let calls = Cell::new(0);
    let call = within(SECOND * 5 / 2, &calls, SECOND);
    let expected = ("busy".to_owned(), 3, 2 * SECOND);
    assert_eq!(outcome(call, &calls).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_at_the_deadline_is_not_begun_and_one_before_it_is() {
    let calls = Cell::new(0);
    let call = within(SECOND, &calls, SECOND);
    assert_eq!(outcome(call, &calls).await.1, 1);
    let call = within(SECOND + Duration::from_millis(1), &calls, SECOND);
    assert_eq!(outcome(call, &calls).await.1, 2);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_from_outside_holds_as_well() {
    let calls = Cell::new(0);
    let at = Instant::now() + SECOND * 5 / 2;
    let call = with_deadline(at, fetch(&calls, SECOND));
    let expected = ("busy".to_owned(), 3, 2 * SECOND);
    assert_eq!(outcome(call, &calls).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_retry_value_keeps_to_the_deadline() {
    let calls = Cell::new(0);
    let config = RetryConfig::new().base_delay(3600 * SECOND);
    let retried = config.run_async(|| async { busy(&calls) });
    let call = with_deadline(Instant::now() + SECOND, retried);
    let expected = ("busy".to_owned(), 1, Duration::ZERO);
    assert_eq!(outcome(call, &calls).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_retry_outside_of_the_timeout_waits() {
    #[retry(max_retries = 2, base_delay = 3s, strategy = constant, jitter = none)]
    #[timeout(1s)]
    async fn fetch(calls: &Cell<u32>) -> io::Result<()> {
        busy(calls)
    }
    let calls = Cell::new(0);
    let expected = ("busy".to_owned(), 3, 6 * SECOND);
    assert_eq!(outcome(fetch(&calls), &calls).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_zero_delay_is_a_wait_that_reaches_the_deadline_once_it_is_there() {
    #[retry(max_retries = u32::MAX, base_delay = 0s)]
    async fn fetch(calls: &Cell<u32>) -> io::Result<()> {
        tokio::time::sleep(SECOND).await;
        busy(calls)
    }
    let calls = Cell::new(0);
    let at = Instant::now() + SECOND * 5 / 2;
    let expected = ("busy".to_owned(), 3, 3 * SECOND);
    assert_eq!(
        outcome(with_deadline(at, fetch(&calls)), &calls).await,
        expected
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_value_is_returned_where_a_value_would_be_tried_again() {
    #[timeout(2.5s)]
    #[retry(max_retries = 9, base_delay = 1s, strategy = constant, jitter = none, retry_if_ok = |_| true)]
    async fn poll(calls: &Cell<u32>) -> Result<u32, TimedOut> {
        calls.set(calls.get() + 1);
        Ok(calls.get())
    }
    assert_eq!(poll(&Cell::new(0)).await, Ok(3));
}
