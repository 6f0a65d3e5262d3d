//! A hedge among the other layers.

use std::{cell::Cell, time::Duration};

use resilience::{
    BulkheadConfig, CircuitBreaker, CircuitBreakerConfig, RetryBudget, bulkhead, circuit_breaker,
    hedge, rate_limit, registry, retry, timeout, with_deadline,
};
use tokio::time::Instant;

use super::{ApiError, Service, ms};

#[tokio::test(start_paused = true)]
async fn below_a_retry_the_attempts_of_each_try_run_at_once() {
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[hedge(after = 10ms, budget = 10)]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let start = Instant::now();
    let service = Service::new(&[(5, Err(1)), (5, Err(2)), (100, Ok(3)), (1, Ok(4))]);
    assert_eq!(load(&service).await, Ok(4));
    assert_eq!(start.elapsed(), ms(10 + 1_000 + 11));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_is_of_each_attempt_and_one_outside_of_all() {
    #[hedge(after = 10ms, budget = 10)]
    #[timeout(15ms)]
    async fn inside(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    #[timeout(15ms)]
    #[hedge(after = 10ms, budget = 10)]
    async fn outside(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let slow = || Service::new(&[(100, Ok(1)), (12, Ok(2))]);
    assert_eq!(inside(&slow()).await, Ok(2));
    let service = slow();
    assert!(matches!(outside(&service).await, Err(ApiError::Late(_))));
    assert_eq!(service.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_limit_inside_starts_no_other_attempt() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1000.0).name("hedge::limits");
    #[hedge(after = 10ms, budget = &BUDGET)]
    #[bulkhead(1, name = "hedge::full", error = ApiError::Stale)]
    async fn in_a_slot() -> Result<u32, ApiError> {
        Ok(1)
    }
    #[hedge(after = 10ms, budget = &BUDGET)]
    #[rate_limit(1, per = 1h, error = ApiError::Stale)]
    async fn in_turn() -> Result<u32, ApiError> {
        Ok(1)
    }
    let pool = registry::get_or_register_bulkhead("hedge::full", BulkheadConfig::new(1));
    let permit = pool.acquire().expect("a slot");
    assert_eq!(in_a_slot().await, Err(ApiError::Stale));
    drop(permit);
    assert_eq!(in_a_slot().await, Ok(1));
    assert_eq!(in_turn().await, Ok(1));
    assert_eq!(in_turn().await, Err(ApiError::Stale));
    let stats = BUDGET.stats();
    assert_eq!((stats.retries, stats.refused), (0, 0));
    assert_eq!(pool.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_outside_counts_the_call_once() {
    #[circuit_breaker(breaker = breaker)]
    #[hedge(after = 10ms, budget = 10)]
    async fn load(breaker: &CircuitBreaker, service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let breaker = CircuitBreaker::new("hedge::outside", CircuitBreakerConfig::new());
    let service = Service::new(&[(5, Err(1)), (5, Err(2))]);
    assert_eq!(load(&breaker, &service).await, Err(ApiError::Status(2)));
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.abandoned), (1, 0));
}

/// An error that does not hold what refused the call, so that only the stack knows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plain {
    Down,
    Refused,
}

#[tokio::test(start_paused = true)]
async fn a_retry_above_knows_the_origin_of_the_error() {
    #[retry(max_retries = 3, base_delay = 1s, jitter = none)]
    #[hedge(after = 10ms, budget = 10)]
    #[circuit_breaker(breaker = breaker, error = Plain::Refused)]
    async fn load(breaker: &CircuitBreaker, calls: &Cell<u32>) -> Result<u32, Plain> {
        calls.set(calls.get() + 1);
        Err(Plain::Down)
    }
    let config = CircuitBreakerConfig::new()
        .failure_threshold(100)
        .recovery_timeout(Duration::from_secs(3600));
    let (breaker, calls) = (CircuitBreaker::new("hedge::origin", config), Cell::new(0));
    breaker.isolate();
    assert_eq!(load(&breaker, &calls).await, Err(Plain::Refused));
    assert_eq!(
        (breaker.stats().refused, calls.get()),
        (1, 0),
        "not repeated"
    );
}

#[tokio::test(start_paused = true)]
async fn an_inherited_deadline_in_an_attempt_is_known_outside() {
    #[circuit_breaker(breaker = breaker)]
    #[hedge(after = 10ms, budget = 10)]
    #[timeout(10s)]
    async fn load(breaker: &CircuitBreaker, service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let breaker = CircuitBreaker::new("hedge::deadline", CircuitBreakerConfig::new());
    let at = Instant::now() + Duration::from_secs(1);
    let service = Service::new(&[(60_000, Ok(1))]);
    let late = with_deadline(at, load(&breaker, &service)).await;
    assert!(matches!(late, Err(ApiError::Late(late)) if late.is_inherited()));
    assert_eq!((breaker.stats().failures, breaker.stats().ignored), (0, 1));
    assert_eq!(service.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_that_ended_one_attempt_is_not_the_cause_of_the_error_of_another() {
    #[circuit_breaker(breaker = breaker)]
    #[hedge(after = 10ms, budget = 10)]
    #[timeout(10s)]
    async fn load(breaker: &CircuitBreaker, service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let breaker = CircuitBreaker::new("hedge::other_deadline", CircuitBreakerConfig::new());
    let at = Instant::now() + Duration::from_secs(1);
    // The second attempt fails in the moment of the deadline, and a tie goes to the body.
    let service = Service::new(&[(60_000, Ok(1)), (990, Err(500))]);
    let failed = with_deadline(at, load(&breaker, &service)).await;
    assert_eq!(failed, Err(ApiError::Status(500)));
    assert_eq!((breaker.stats().failures, breaker.stats().ignored), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn two_hedges_are_two_layers() {
    #[hedge(after = 100ms, budget = 10)]
    #[hedge(after = 10ms, budget = 10)]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let start = Instant::now();
    let service = Service::new(&[(1_000, Ok(1)), (1_000, Ok(2)), (1_000, Ok(3)), (1, Ok(4))]);
    assert_eq!(load(&service).await, Ok(4));
    assert_eq!(start.elapsed(), ms(111));
    assert_eq!(service.counts(), (4, 4));
}
