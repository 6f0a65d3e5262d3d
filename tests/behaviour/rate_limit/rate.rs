//! The number of calls in a time, and the wait for a turn.

use std::{cell::RefCell, time::Duration};

use futures_util::future::join_all;
use resilience::{RateLimitConfig, rate_limit, registry};
use tokio::time::{Instant, advance};

use super::{ApiError, stats};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_call_above_the_rate_is_refused_at_once() {
    #[rate_limit(3, per = 1s, name = "rate::at_once")]
    async fn ask() -> Result<(), ApiError> {
        Ok(())
    }
    for _ in 0..3 {
        assert_eq!(ask().await, Ok(()));
    }
    let ApiError::Limited(limited) = ask().await.unwrap_err();
    // A third of a second, rounded up to the nanosecond.
    assert_eq!(limited.retry_after(), Duration::from_nanos(333_333_334));
    assert_eq!((limited.name(), limited.key()), ("rate::at_once", None));
    assert_eq!(
        limited.to_string(),
        "rate limit `rate::at_once` is used up, retry in 333.3ms"
    );
    advance(limited.retry_after()).await;
    assert_eq!(ask().await, Ok(()));
    let stats = stats("rate::at_once");
    assert_eq!((stats.limit, stats.per, stats.burst), (3, SECOND, 3));
    assert_eq!((stats.admitted, stats.refused), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_have_their_turns_in_order() {
    #[rate_limit(limit = 10, per = 1s, burst = 2, max_wait = 1s, name = "rate::order")]
    async fn ask(number: usize, asked: &RefCell<Vec<usize>>) -> Result<(), ApiError> {
        asked.borrow_mut().push(number);
        Ok(())
    }
    let (asked, start) = (RefCell::default(), Instant::now());
    let outcomes = join_all((0..20).map(|number| ask(number, &asked))).await;
    let admitted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    // Two at once, and ten whose turns come within a second.
    assert_eq!((admitted, start.elapsed()), (12, SECOND));
    assert!(asked.into_inner().into_iter().eq(0..12));
    assert_eq!(stats("rate::order").waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn over_a_long_time_the_rate_is_exact() {
    #[rate_limit(7, per = 1s, burst = 1, max_wait = 10s, name = "rate::exact")]
    async fn ask() -> Result<(), ApiError> {
        Ok(())
    }
    let start = Instant::now();
    for _ in 0..701 {
        ask().await.unwrap();
    }
    let (elapsed, millisecond) = (start.elapsed(), Duration::from_millis(1));
    assert!(
        elapsed >= SECOND * 100 && elapsed <= SECOND * 100 + millisecond,
        "{elapsed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_function_has_the_same_rate_and_shares_it_by_name() {
    #[rate_limit(2, per = 1h, name = "rate::both")]
    fn ask_sync() -> Result<(), ApiError> {
        Ok(())
    }
    #[rate_limit(2, per = 1h, name = "rate::both", max_wait = 1m)]
    async fn ask() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!((ask_sync(), ask().await), (Ok(()), Ok(())));
    assert!(ask_sync().is_err() && ask().await.is_err());
    assert_eq!(stats("rate::both").refused, 2);
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_rate_of_its_own() {
    #[rate_limit(1, per = 1m, name = "rate::keys", key = tenant, max_keys = 2, idle = 1s)]
    async fn ask(tenant: &str) -> Result<(), ApiError> {
        assert!(!tenant.is_empty());
        Ok(())
    }
    assert!(ask("one").await.is_ok() && ask("two").await.is_ok());
    let ApiError::Limited(limited) = ask("one").await.unwrap_err();
    assert_eq!((limited.name(), limited.key()), ("rate::keys", Some("one")));
    advance(SECOND * 10).await;
    assert!(
        ask("invented").await.is_ok(),
        "it has the cell that such keys share"
    );
    assert!(
        ask("one").await.is_err(),
        "an invented key frees nobody's limit"
    );
    let all = stats("rate::keys");
    assert_eq!((all.keys, all.overflow, all.evicted), (2, 1, 0));
    let one = registry::rate_limit_of_key("rate::keys", "one").unwrap();
    assert_eq!(
        (one.key.as_deref(), one.admitted, one.refused),
        (Some("one"), 1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn values_may_be_computed_and_a_configuration_may_bring_them() {
    const RATE: RateLimitConfig = RateLimitConfig::new(1, SECOND);
    #[rate_limit(limit, per = time, name = "rate::computed")]
    async fn ask(limit: u32, time: Duration) -> Result<(), ApiError> {
        let _ = (limit, time);
        Ok(())
    }
    #[rate_limit(config = RATE, burst = 2, name = "rate::config")]
    async fn configured() -> Result<(), ApiError> {
        Ok(())
    }
    for _ in 0..2 {
        assert!(ask(2, SECOND).await.is_ok() && configured().await.is_ok());
    }
    assert!(ask(2, SECOND).await.is_err() && configured().await.is_err());
    // Another value of the line is taken, and the turns that are taken stay taken.
    let _ = ask(3, SECOND).await;
    let computed = stats("rate::computed");
    assert_eq!((computed.limit, computed.burst), (3, 3));
    advance(SECOND).await;
    assert!(ask(3, SECOND).await.is_ok());
    assert!(registry::reconfigure_rate_limit(
        "rate::config",
        RATE.burst(4)
    ));
    assert!(configured().await.is_ok());
}

#[test]
#[should_panic(expected = "`limit` must be at least 1, like 100")]
fn a_computed_limit_of_zero_panics_in_the_call() {
    #[rate_limit(limit, per = 1s, name = "rate::zero")]
    fn ask(limit: u32) -> Result<(), ApiError> {
        let _ = limit;
        Ok(())
    }
    let _ = ask(0);
}
