//! `slow_call`.

use std::time::Duration;

use resilience::{CircuitState, circuit_breaker};
use tokio::time::{advance, sleep};

use super::{ApiError, circuit, stats};

const LIMIT: Duration = Duration::from_secs(2);
const LONGER: Duration = Duration::from_millis(2_001);

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_longer_is_a_failure_whatever_it_returned() {
    const NAME: &str = "slow_call::longer";
    #[circuit_breaker(name = NAME, slow_call = 2s, failure_threshold = 2, ignore(ApiError::Status(404)))]
    async fn call(takes: Duration, outcome: Result<u8, ApiError>) -> Result<u8, ApiError> {
        sleep(takes).await;
        outcome
    }
    assert_eq!(call(LIMIT, Ok(7)).await, Ok(7));
    assert_eq!(
        (stats(NAME).successes, stats(NAME).failures),
        (1, 0),
        "exactly the limit is not longer"
    );
    // The value is returned all the same.
    assert_eq!(call(LONGER, Ok(7)).await, Ok(7));
    assert_eq!((stats(NAME).successes, stats(NAME).failures), (1, 1));
    assert_eq!(
        call(LONGER, Err(ApiError::Status(404))).await,
        Err(ApiError::Status(404))
    );
    assert_eq!((stats(NAME).ignored, stats(NAME).failures), (0, 2));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_slow_counts_once() {
    const NAME: &str = "slow_call::once";
    #[circuit_breaker(name = NAME, slow_call = 2s)]
    async fn call() -> Result<(), ApiError> {
        sleep(LONGER).await;
        Err(ApiError::Down)
    }
    assert_eq!(call().await, Err(ApiError::Down));
    assert_eq!((stats(NAME).failures, stats(NAME).failure_count), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_slow_probe_opens_again() {
    const NAME: &str = "slow_call::probe";
    #[circuit_breaker(name = NAME, slow_call = 2s, recovery_timeout = 10s)]
    async fn call(takes: Duration) -> Result<(), ApiError> {
        sleep(takes).await;
        Ok(())
    }
    assert_eq!(call(Duration::ZERO).await, Ok(()));
    circuit(NAME).trip();
    advance(Duration::from_secs(10)).await;
    assert_eq!(call(LONGER).await, Ok(()));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[test]
fn a_sync_call_is_timed_as_well() {
    const NAME: &str = "slow_call::sync";
    #[circuit_breaker(name = NAME, slow_call = 1ms, failure_threshold = 1)]
    fn slow() -> Result<(), ApiError> {
        std::thread::sleep(Duration::from_millis(5));
        Ok(())
    }
    assert_eq!(slow(), Ok(()));
    assert_eq!(
        (stats(NAME).failures, circuit(NAME).state()),
        (1, CircuitState::Open)
    );
}

#[tokio::test(start_paused = true)]
async fn by_default_no_call_is_too_slow() {
    const NAME: &str = "slow_call::default";
    #[circuit_breaker(name = NAME)]
    async fn call() -> Result<(), ApiError> {
        sleep(Duration::from_secs(24 * 3600)).await;
        Ok(())
    }
    assert_eq!(call().await, Ok(()));
    assert_eq!((stats(NAME).successes, stats(NAME).failures), (1, 0));
}
