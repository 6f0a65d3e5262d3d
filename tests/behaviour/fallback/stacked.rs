//! A fallback among the other layers: an answer is a success for the layers outside.

use std::{cell::Cell, time::Duration};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, RetryConfig, circuit_breaker, fallback, retry, timeout,
    with_deadline,
};
use tokio::time::Instant;

use super::ApiError;

const NO_WAIT: RetryConfig = RetryConfig::new().max_retries(2).base_delay(Duration::ZERO);

fn breaker() -> CircuitBreaker {
    let config = CircuitBreakerConfig::new().failure_threshold(1);
    CircuitBreaker::new("fallback::stacked", config)
}

#[test]
fn on_top_it_answers_when_the_retries_are_over() {
    #[fallback(|_| Ok(7))]
    #[retry(config = NO_WAIT)]
    fn load(calls: &Cell<u32>) -> Result<u8, ApiError> {
        calls.set(calls.get() + 1);
        Err(ApiError::Down)
    }
    let calls = Cell::new(0);
    assert_eq!(load(&calls), Ok(7));
    assert_eq!(calls.get(), 3);
}

#[test]
fn below_a_retry_an_answer_ends_the_attempts() {
    #[retry(config = NO_WAIT)]
    #[fallback(|_| Ok(7))]
    fn load(calls: &Cell<u32>) -> Result<u8, ApiError> {
        calls.set(calls.get() + 1);
        Err(ApiError::Down)
    }
    let calls = Cell::new(0);
    assert_eq!(load(&calls), Ok(7));
    assert_eq!(calls.get(), 1);
}

#[test]
fn below_a_retry_an_error_of_the_answer_is_retried() {
    #[retry(config = NO_WAIT)]
    #[fallback(|_| Err(ApiError::Stale))]
    fn load(calls: &Cell<u32>) -> Result<u8, ApiError> {
        calls.set(calls.get() + 1);
        Err(ApiError::Down)
    }
    let calls = Cell::new(0);
    assert_eq!(load(&calls), Err(ApiError::Stale));
    assert_eq!(calls.get(), 3);
}

#[test]
fn the_error_of_the_answer_to_a_refusal_is_no_refusal() {
    #[retry(config = NO_WAIT)]
    #[fallback(|error| { seen.set(seen.get() + u32::from(matches!(error, ApiError::Open(_)))); Err(ApiError::Stale) })]
    #[circuit_breaker(breaker = breaker)]
    fn load(breaker: &CircuitBreaker, seen: &Cell<u32>) -> Result<u8, ApiError> {
        Ok(1)
    }
    let (breaker, seen) = (breaker(), Cell::new(0));
    breaker.isolate();
    assert_eq!(load(&breaker, &seen), Err(ApiError::Stale));
    assert_eq!(seen.get(), 3, "each attempt asked the circuit");
}

#[test]
fn a_refusal_that_is_not_answered_stays_one() {
    #[retry(config = NO_WAIT)]
    #[fallback(|_| Ok(1), on(ApiError::Down))]
    #[circuit_breaker(breaker = breaker)]
    fn load(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        Ok(1)
    }
    let breaker = breaker();
    breaker.isolate();
    assert!(matches!(load(&breaker), Err(ApiError::Open(_))));
    assert_eq!(breaker.stats().refused, 1, "a refusal is not retried");
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_for_a_circuit_below_a_fallback_because_its_answer_is_a_success() {
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[fallback(|_| Ok(7), on(ApiError::Open(_)))]
    #[circuit_breaker(breaker = breaker)]
    async fn answered(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = breaker)]
    async fn plain(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    let start = Instant::now();
    assert_eq!(plain(&breaker()).await, Err(ApiError::Down));
    assert_eq!(start.elapsed(), Duration::ZERO, "the circuit would refuse");
    assert_eq!(answered(&breaker()).await, Ok(7));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[test]
fn above_a_circuit_the_circuit_counts_the_failure() {
    #[fallback(|_| Ok(7))]
    #[circuit_breaker(breaker = breaker)]
    fn load(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    let breaker = breaker();
    assert_eq!(load(&breaker), Ok(7));
    assert_eq!(load(&breaker), Ok(7), "the refusal is answered, too");
    assert_eq!((breaker.stats().failures, breaker.stats().refused), (1, 1));
}

#[tokio::test]
async fn below_a_circuit_the_circuit_counts_the_answer() {
    #[circuit_breaker(breaker = breaker)]
    #[fallback(|_| Ok(7))]
    async fn load(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    let breaker = breaker();
    assert_eq!(load(&breaker).await, Ok(7));
    assert_eq!(
        (breaker.stats().failures, breaker.stats().successes),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_is_answered_and_one_outside_limits_the_answer() {
    async fn slow(_: &ApiError) -> Result<u8, ApiError> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(7)
    }
    #[fallback(|error| { assert!(matches!(error, ApiError::Late(_))); Ok(7) })]
    #[timeout(1s)]
    async fn inside() -> Result<u8, ApiError> {
        std::future::pending().await
    }
    #[timeout(1s)]
    #[fallback(slow)]
    async fn outside() -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(inside().await, Ok(7));
    assert!(matches!(outside().await, Err(ApiError::Late(_))));
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_an_inherited_deadline_is_judged_by_itself() {
    #[circuit_breaker(breaker = breaker)]
    #[fallback(|_| Err(ApiError::Stale))]
    #[timeout(10s)]
    async fn load(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        std::future::pending().await
    }
    #[circuit_breaker(breaker = breaker)]
    #[timeout(10s)]
    async fn plain(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        std::future::pending().await
    }
    let at = || Instant::now() + Duration::from_secs(1);
    let (answered, unanswered) = (breaker(), breaker());
    let late = with_deadline(at(), plain(&unanswered)).await;
    assert!(matches!(late, Err(ApiError::Late(late)) if late.is_inherited()));
    assert_eq!(
        (unanswered.stats().failures, unanswered.stats().ignored),
        (0, 1)
    );
    let stale = with_deadline(at(), load(&answered)).await;
    assert_eq!(stale, Err(ApiError::Stale));
    assert_eq!(
        (answered.stats().failures, answered.stats().ignored),
        (1, 0)
    );
}

/// Did not compile once: the circuit held the place in which the fallback noted its answer.
#[tokio::test]
async fn a_circuit_stands_between_a_retry_and_a_fallback() {
    #[retry(config = NO_WAIT)]
    #[circuit_breaker(breaker = breaker)]
    #[fallback(|error| Err(error.clone()))]
    async fn load(breaker: &CircuitBreaker) -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    let breaker = breaker();
    assert_eq!(load(&breaker).await, Err(ApiError::Down));
    assert_eq!(breaker.stats().failures, 1);
}

#[test]
fn the_inner_of_two_answers_first() {
    #[fallback(|error| { assert_eq!(*error, ApiError::Stale); Ok(2) })]
    #[fallback(|error| { assert_eq!(*error, ApiError::Down); Err(ApiError::Stale) }, on(ApiError::Down))]
    fn load(error: ApiError) -> Result<u8, ApiError> {
        Err(error)
    }
    assert_eq!(load(ApiError::Down), Ok(2));
    assert_eq!(load(ApiError::Stale), Ok(2));
}
