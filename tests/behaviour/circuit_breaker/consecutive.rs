//! `consecutive_failures`: the circuit opens after so many failures in a row.

use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, TransitionReason, circuit_breaker,
};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

const DOWN: Result<(), ApiError> = Err(ApiError::Down);
const MISSING: Result<(), ApiError> = Err(ApiError::Status(404));

#[tokio::test(start_paused = true)]
async fn it_opens_after_so_many_failures_in_a_row_whatever_the_time() {
    const NAME: &str = "consecutive::time";
    #[circuit_breaker(name = NAME, consecutive_failures = 3)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for expected in [1, 2, 3] {
        assert_eq!(call(DOWN).await, DOWN);
        let stats = stats(NAME);
        assert_eq!(
            (stats.failure_count, stats.failure_threshold),
            (expected, Some(3))
        );
        assert_eq!(stats.failure_rate, None);
        if expected < 3 {
            assert_eq!(stats.state, CircuitState::Closed);
            advance(Duration::from_secs(86_400)).await;
        }
    }
    let Err(ApiError::Open(open)) = call(Ok(())).await else {
        panic!("refused")
    };
    assert_eq!(open.reason(), TransitionReason::Consecutive);
    let refusal = resilience::Refusal::of(&open).expect("it is a refusal");
    assert_eq!(refusal.to_string(), "too many calls in a row failed");
}

#[test]
fn a_success_clears_the_count_and_an_ignored_call_does_not() {
    const NAME: &str = "consecutive::success";
    #[circuit_breaker(name = NAME, consecutive_failures = 3, ignore(ApiError::Status(404)))]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for _ in 0..5 {
        let outcomes = [(DOWN, 1), (MISSING, 1), (DOWN, 2), (Ok(()), 0), (Ok(()), 0)];
        for (outcome, expected) in outcomes {
            assert_eq!(call(outcome.clone()), outcome);
            assert_eq!(stats(NAME).failure_count, expected);
        }
    }
    let counts = stats(NAME);
    assert_eq!(
        (counts.successes, counts.failures, counts.ignored),
        (10, 10, 5)
    );
    for _ in 0..3 {
        assert_eq!(call(DOWN), DOWN);
    }
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[test]
fn an_error_that_is_no_failure_clears_the_count() {
    const NAME: &str = "consecutive::filter";
    #[circuit_breaker(name = NAME, consecutive_failures = 2, failure_on(ApiError::Down))]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for outcome in [DOWN, MISSING, DOWN, MISSING] {
        assert_eq!(call(outcome.clone()), outcome);
    }
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_too_slow_counts_in_the_row() {
    let config = CircuitBreakerConfig::new()
        .consecutive_failures(2)
        .slow_call(Duration::from_secs(1));
    let breaker = CircuitBreaker::new("consecutive::slow", config);
    for expected in [CircuitState::Closed, CircuitState::Open] {
        let permit = breaker.acquire().expect("closed");
        advance(Duration::from_secs(2)).await;
        permit.success();
        assert_eq!(breaker.state(), expected);
    }
}

#[test]
fn a_success_of_before_a_reset_clears_nothing() {
    let config = CircuitBreakerConfig::new().consecutive_failures(2);
    let breaker = CircuitBreaker::new("consecutive::late", config);
    for row in [0, 1] {
        let early = breaker.acquire().expect("closed");
        (0..row).for_each(|_| breaker.acquire().expect("closed").failure());
        breaker.reset();
        breaker.acquire().expect("closed").failure();
        early.success();
        let stats = breaker.stats();
        assert_eq!((stats.failure_count, stats.late), (1, row + 1));
        breaker.acquire().expect("closed").failure();
        assert_eq!(breaker.state(), CircuitState::Open);
        breaker.reset();
    }
}

#[test]
fn a_call_that_began_before_the_row_ends_it_if_it_succeeds_later() {
    let config = CircuitBreakerConfig::new().consecutive_failures(2);
    let breaker = CircuitBreaker::new("consecutive::under_way", config);
    let first = breaker.acquire().expect("closed");
    breaker.acquire().expect("closed").failure();
    first.success();
    assert_eq!(breaker.stats().failure_count, 0);
    breaker.acquire().expect("closed").failure();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_closes_with_an_empty_count() {
    let config = CircuitBreakerConfig::new()
        .consecutive_failures(2)
        .success_threshold(1);
    let breaker = CircuitBreaker::new("consecutive::closing", config);
    for _ in 0..3 {
        for _ in 0..2 {
            breaker.acquire().expect("closed").failure();
        }
        advance(Duration::from_secs(30)).await;
        breaker.acquire().expect("a probe").success();
        assert_eq!(breaker.state(), CircuitState::Closed);
        breaker.acquire().expect("closed").failure();
        breaker.acquire().expect("closed").success();
    }
}

#[test]
fn the_count_may_be_computed_and_changed_while_calls_run() {
    #[circuit_breaker(name = "consecutive::computed", consecutive_failures = limit)]
    fn call(limit: u32) -> Result<(), ApiError> {
        DOWN
    }
    for _ in 0..4 {
        assert_eq!(call(10), DOWN);
    }
    // The row goes on, because the kind of the window is the same.
    assert_eq!(call(5), DOWN);
    assert!(call(5).unwrap_err().is_refusal());
}
