//! `window_calls`: the window of a rate is a number of calls instead of a time.

use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, TransitionReason, circuit_breaker,
};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

const DOWN: Result<(), ApiError> = Err(ApiError::Down);

#[tokio::test(start_paused = true)]
async fn the_rate_is_that_of_the_last_calls_whatever_the_time() {
    const NAME: &str = "window_calls::last";
    #[circuit_breaker(name = NAME, failure_rate = 0.5, window_calls = 4, minimum_calls = 4)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    let mut calls = Vec::new();
    for outcome in [DOWN, Ok(()), Ok(()), Ok(()), DOWN, Ok(()), Ok(())] {
        assert_eq!(call(outcome.clone()).await, outcome);
        calls.push(outcome);
        advance(Duration::from_secs(86_400)).await;
        let window = &calls[calls.len().saturating_sub(4)..];
        let failures = u32::try_from(window.iter().filter(|call| call.is_err()).count()).unwrap();
        let stats = stats(NAME);
        assert_eq!(stats.failure_count, failures);
        let rate = (calls.len() >= 4).then(|| f64::from(failures) / 4.0);
        assert_eq!((stats.failure_rate, stats.failure_threshold), (rate, None));
    }
    // Two of the last four have failed with this one.
    assert_eq!(call(DOWN).await, DOWN);
    let Err(ApiError::Open(open)) = call(Ok(())).await else {
        panic!("refused")
    };
    assert_eq!(open.reason(), TransitionReason::Rate);
}

#[test]
fn by_default_the_window_has_to_be_full_or_to_have_twenty_calls() {
    for (window, minimum) in [(1, 1), (10, 10), (20, 20), (100, 20), (1_024, 20)] {
        let config = CircuitBreakerConfig::new()
            .failure_rate(1.0)
            .window_calls(window);
        let breaker = CircuitBreaker::new("window_calls::minimum", config);
        for _ in 1..minimum {
            breaker.acquire().expect("closed").failure();
            assert_eq!(breaker.state(), CircuitState::Closed);
        }
        breaker.acquire().expect("closed").failure();
        assert_eq!(breaker.state(), CircuitState::Open, "{window}");
    }
}

#[test]
fn a_minimum_above_the_window_is_capped_where_it_is_computed() {
    const NAME: &str = "window_calls::capped";
    #[circuit_breaker(name = NAME, failure_rate = 1.0, window_calls = window, minimum_calls = minimum)]
    fn call(window: u32, minimum: u32) -> Result<(), ApiError> {
        DOWN
    }
    assert_eq!(call(2, 50), DOWN);
    assert_eq!(call(2, 50), DOWN);
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[test]
fn a_window_of_another_length_starts_empty() {
    let config = CircuitBreakerConfig::new()
        .failure_rate(1.0)
        .window_calls(8)
        .minimum_calls(2);
    let breaker = CircuitBreaker::new("window_calls::length", config);
    breaker.acquire().expect("closed").failure();
    breaker.reconfigure(config.minimum_calls(3));
    assert_eq!(breaker.stats().failure_count, 1, "the same window");
    for other in [
        config.window_calls(9),
        config.failure_window(Duration::from_secs(60)),
    ] {
        breaker.acquire().expect("closed").success();
        breaker.reconfigure(other);
        let stats = breaker.stats();
        assert_eq!((stats.failure_count, stats.failure_rate), (0, None));
    }
}

#[test]
fn many_threads_leave_exactly_the_last_calls() {
    let config = CircuitBreakerConfig::new()
        .failure_rate(1.0)
        .window_calls(100);
    let breaker = CircuitBreaker::new("window_calls::threads", config);
    breaker.acquire().expect("closed").failure();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    breaker.acquire().expect("closed").success();
                }
            });
        }
    });
    let stats = breaker.stats();
    assert_eq!((stats.successes, stats.failures), (1_000, 1));
    assert_eq!((stats.failure_count, stats.failure_rate), (0, Some(0.0)));
}

#[test]
#[should_panic(expected = "`window_calls` must be at least 1 and at most 1024, like 100")]
fn a_computed_window_beyond_1024_panics() {
    #[circuit_breaker(name = "window_calls::beyond", failure_rate = 0.5, window_calls = window)]
    fn call(window: u32) -> Result<(), ApiError> {
        DOWN
    }
    let _ = call(1_025);
}
