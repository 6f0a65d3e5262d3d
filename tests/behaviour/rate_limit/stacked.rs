//! A rate limit between other layers.

use std::time::Duration;

use resilience::{bulkhead, circuit_breaker, fallback, rate_limit, registry, retry, timeout};
use tokio::time::{Instant, sleep};

use super::{ApiError, stats};
use crate::fault::Fault;

#[tokio::test(start_paused = true)]
async fn the_recommended_stack_spares_refusals() {
    #[fallback(|_| Ok(0), on(Fault::Limited))]
    #[retry(max_retries = 3, base_delay = 1s)]
    #[circuit_breaker(name = "limited::stack", failure_threshold = 1)]
    #[rate_limit(1, per = 1h, name = "limited::stack")]
    #[timeout(1s)]
    #[bulkhead(5)]
    async fn ask(fails: bool) -> Result<u32, Fault> {
        if fails { Err(Fault::Down) } else { Ok(7) }
    }
    let start = Instant::now();
    assert_eq!((ask(false).await, ask(false).await), (Ok(7), Ok(0)));
    assert_eq!(start.elapsed(), Duration::ZERO, "a refusal is not retried");
    let circuit = registry::stats("limited::stack").unwrap();
    assert_eq!(
        (circuit.successes, circuit.failures, circuit.ignored),
        (1, 0, 1)
    );
}

#[test]
fn a_sync_stack_does_the_same() {
    #[retry(max_retries = 3, base_delay = 0s)]
    #[circuit_breaker(name = "limited::sync", failure_threshold = 1)]
    #[rate_limit(1, per = 1h, name = "limited::sync")]
    fn ask() -> Result<u32, Fault> {
        Ok(7)
    }
    assert_eq!((ask(), ask()), (Ok(7), Err(Fault::Limited)));
    let circuit = registry::stats("limited::sync").unwrap();
    assert_eq!(
        (circuit.successes, circuit.ignored, circuit.opened),
        (1, 1, 0)
    );
    assert_eq!(stats("limited::sync").refused, 1);
}

fn retry_after(error: &ApiError) -> Option<Duration> {
    let ApiError::Limited(limited) = error;
    Some(limited.retry_after())
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_asks_for_refusals_waits_for_the_turn() {
    #[retry(max_retries = 2, jitter = none, retry_refused = true, delay_hint = retry_after)]
    #[rate_limit(1, per = 5s, name = "limited::hint")]
    async fn ask() -> Result<(), ApiError> {
        Ok(())
    }
    let start = Instant::now();
    ask().await.unwrap();
    ask().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(stats("limited::hint").refused, 1);
}

#[tokio::test(start_paused = true)]
async fn below_a_retry_each_attempt_takes_a_turn() {
    #[retry(max_retries = 2, base_delay = 0s)]
    #[rate_limit(10, per = 1h, name = "limited::below")]
    async fn below() -> Result<(), Fault> {
        Err(Fault::Down)
    }
    #[rate_limit(10, per = 1h, name = "limited::above")]
    #[retry(max_retries = 2, base_delay = 0s)]
    async fn above() -> Result<(), Fault> {
        Err(Fault::Down)
    }
    assert_eq!(
        (below().await, above().await),
        (Err(Fault::Down), Err(Fault::Down))
    );
    assert_eq!(
        (
            stats("limited::below").admitted,
            stats("limited::above").admitted
        ),
        (3, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_reach_the_limit_of_a_timeout_is_not_begun() {
    // A computed wait, because between literals this does not compile.
    #[timeout(1s)]
    #[rate_limit(1, per = 5s, max_wait = wait, name = "limited::late")]
    async fn ask(wait: Duration) -> Result<(), Fault> {
        let _ = wait;
        sleep(Duration::from_millis(1)).await;
        Ok(())
    }
    let start = Instant::now();
    let long = Duration::from_secs(60);
    assert_eq!(
        (ask(long).await, ask(long).await),
        (Ok(()), Err(Fault::Limited))
    );
    assert_eq!(start.elapsed(), Duration::from_millis(1));
    assert_eq!(stats("limited::late").admitted, 1, "no turn is used");
}

#[test]
fn the_statistics_describe_the_layer() {
    #[rate_limit(7, per = 1m, name = "limited::described", operation = "limited.described")]
    fn ask() -> Result<(), Fault> {
        Ok(())
    }
    ask().unwrap();
    let operation = registry::operation("limited.described").unwrap();
    let settings: Vec<_> = operation.stack[0]
        .settings
        .iter()
        .map(|setting| (setting.setting, setting.value.as_str()))
        .collect();
    assert_eq!(operation.stack[0].policy, "rate_limit");
    let expected = [
        ("name", "limited::described"),
        ("limit", "7"),
        ("per", "60s"),
        ("burst", "7"),
        ("max_wait", "0ns"),
    ];
    assert_eq!(settings, expected);
}
