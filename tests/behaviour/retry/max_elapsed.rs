//! The limit on the time that all attempts and waits take together.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use resilience::retry;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn fail(calls: &Cell<u32>) -> Result<(), u32> {
    calls.set(calls.get() + 1);
    Err(calls.get())
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_pass_the_limit_is_not_begun() {
    #[retry(max_retries = 10, max_elapsed = 6s, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let start = Instant::now();
    // 1 + 2 are spent, and 4 more would be 7.
    assert_eq!(call(&Cell::new(0)).await, Err(3));
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_just_reach_the_limit_is_not_begun_either() {
    #[retry(max_retries = 10, max_elapsed = limit, jitter = none)]
    async fn call(limit: Duration, calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(call(7 * SECOND, &Cell::new(0)).await, Err(3));
    assert_eq!(
        call(7 * SECOND + Duration::from_nanos(1), &Cell::new(0)).await,
        Err(4)
    );
}

#[tokio::test(start_paused = true)]
async fn the_attempts_count_too() {
    #[retry(max_retries = 10, max_elapsed = 12s, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        sleep(5 * SECOND).await;
        fail(calls)
    }
    let start = Instant::now();
    // 5 + 1 + 5 are spent, and 2 more would be 13.
    assert_eq!(call(&Cell::new(0)).await, Err(2));
    assert_eq!(start.elapsed(), 11 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_not_cut_short() {
    #[retry(max_elapsed = 2s, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<u32, u32> {
        if calls.get() == 1 {
            sleep(60 * SECOND).await;
            return Ok(7);
        }
        fail(calls)?;
        Ok(0)
    }
    assert_eq!(call(&Cell::new(0)).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn time_counts_from_the_first_poll() {
    #[retry(max_retries = 1, max_elapsed = 2s, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    let unpolled = call(&calls);
    advance(60 * SECOND).await;
    assert_eq!(unpolled.await, Err(2));
}

#[tokio::test(start_paused = true)]
async fn the_time_is_per_call() {
    #[retry(max_retries = 1, max_elapsed = 2s, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    for _ in 0..3 {
        assert_eq!(call(&Cell::new(0)).await, Err(2));
    }
}

#[tokio::test(start_paused = true)]
async fn without_it_there_is_no_limit() {
    #[retry(max_retries = 20, base_delay = 1h, max_delay = 1h, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(call(&Cell::new(0)).await, Err(21));
}

#[tokio::test(start_paused = true)]
async fn a_sync_function_has_the_limit_too() {
    #[retry(max_retries = 10, max_elapsed = 10s, base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<(), u32> {
        // The clock moves in the first poll. A sync body can poll only once.
        let _ = pin!(advance(4 * SECOND)).poll(&mut Context::from_waker(Waker::noop()));
        fail(calls)
    }
    assert_eq!(call(&Cell::new(0)), Err(3));
}
