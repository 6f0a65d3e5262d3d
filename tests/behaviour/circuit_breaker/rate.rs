//! `failure_rate` and `minimum_calls`.

use std::time::Duration;

use resilience::{CircuitState, circuit_breaker};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

#[test]
fn it_opens_at_or_above_the_rate() {
    const NAME: &str = "rate::at";
    #[circuit_breaker(name = NAME, failure_rate = 0.5, minimum_calls = 4)]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for outcome in [
        Ok(()),
        Ok(()),
        Ok(()),
        Err(ApiError::Down),
        Err(ApiError::Down),
    ] {
        assert_eq!(call(outcome.clone()), outcome);
        assert_eq!(circuit(NAME).state(), CircuitState::Closed);
    }
    assert_eq!(call(Err(ApiError::Down)), Err(ApiError::Down));
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).opened),
        (CircuitState::Open, 1)
    );
    assert!(call(Ok(())).unwrap_err().is_refusal());
}

#[tokio::test(start_paused = true)]
async fn an_async_circuit_opens_at_the_rate_too() {
    const NAME: &str = "rate::async";
    #[circuit_breaker(name = NAME, failure_rate = 1.0, minimum_calls = 2)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for (outcome, after) in [
        (Ok(()), CircuitState::Closed),
        (Err(ApiError::Down), CircuitState::Closed),
    ] {
        assert_eq!(call(outcome.clone()).await, outcome);
        assert_eq!(circuit(NAME).state(), after);
    }
    advance(Duration::from_secs(60)).await;
    for after in [CircuitState::Closed, CircuitState::Open] {
        assert_eq!(call(Err(ApiError::Down)).await, Err(ApiError::Down));
        assert_eq!(circuit(NAME).state(), after);
    }
}

#[test]
fn below_the_minimum_of_calls_there_is_no_rate() {
    const NAME: &str = "rate::minimum";
    #[circuit_breaker(name = NAME, failure_rate = 0.1)]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for _ in 0..19 {
        assert_eq!(call(Err(ApiError::Down)), Err(ApiError::Down));
        assert_eq!(
            (circuit(NAME).state(), stats(NAME).failure_rate),
            (CircuitState::Closed, None)
        );
    }
    assert_eq!(call(Err(ApiError::Down)), Err(ApiError::Down));
    assert_eq!(
        circuit(NAME).state(),
        CircuitState::Open,
        "by default 20 calls suffice"
    );
}

#[test]
fn opening_is_decided_on_failures_only() {
    const NAME: &str = "rate::decided_on_failures";
    #[circuit_breaker(name = NAME, failure_rate = 0.5, minimum_calls = 3)]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    // Two of three failed, but the call that completes the minimum is a success.
    for outcome in [Err(ApiError::Down), Err(ApiError::Down), Ok(())] {
        assert_eq!(call(outcome.clone()), outcome);
    }
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
    assert!(
        stats(NAME)
            .failure_rate
            .is_some_and(|rate| (rate - 2.0 / 3.0).abs() < 1e-9)
    );
    assert_eq!(call(Err(ApiError::Down)), Err(ApiError::Down));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn calls_slide_out_of_the_window() {
    const NAME: &str = "rate::window";
    #[circuit_breaker(name = NAME, failure_rate = 0.5, minimum_calls = 4, failure_window = 16s)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for _ in 0..3 {
        assert_eq!(call(Err(ApiError::Down)).await, Err(ApiError::Down));
    }
    assert_eq!(stats(NAME).failure_count, 3);
    advance(Duration::from_secs(16)).await;
    assert_eq!(stats(NAME).failure_count, 0);
    for _ in 0..3 {
        assert_eq!(call(Err(ApiError::Down)).await, Err(ApiError::Down));
    }
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[test]
fn ignored_calls_are_in_no_rate() {
    const NAME: &str = "rate::ignored";
    #[circuit_breaker(name = NAME, failure_rate = 1.0, minimum_calls = 2, ignore(ApiError::Status(404)))]
    fn call(error: ApiError) -> Result<(), ApiError> {
        Err(error)
    }
    for error in [ApiError::Down, ApiError::Status(404), ApiError::Status(404)] {
        assert_eq!(call(error.clone()), Err(error));
    }
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).failure_rate),
        (CircuitState::Closed, None)
    );
    assert_eq!(call(ApiError::Down), Err(ApiError::Down));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}
