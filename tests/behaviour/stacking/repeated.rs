//! The same attribute more than once.

use std::sync::Arc;
use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, circuit_breaker, registry, retry, timeout};
use tokio::time::Instant;

use super::Step::{Fails, FailsAfter, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, pass, word};
use crate::abandoned::with_growing_limits;

/// The text of the one of two timeouts that expired.
fn expired(outcome: Result<(), ApiError>) -> String {
    match outcome {
        Err(ApiError::Late(late)) => late.to_string(),
        other => panic!("late: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_timeout_and_one_per_attempt() {
    #[timeout(10s, message = "total")]
    #[retry(max_retries = retries, base_delay = 1s, strategy = constant, jitter = none)]
    #[timeout(3s, message = "attempt")]
    async fn call(service: &Service, retries: u32) -> Result<(), ApiError> {
        service.answer().await
    }
    // Attempts from 0 to 3 and from 4 to 7, and one from 8 that the total cuts off.
    let (service, start) = (Service::new(&[Hangs]), Instant::now());
    assert_eq!(expired(call(&service, 9).await), "total");
    assert_eq!((service.executions(), start.elapsed()), (3, 10 * SECOND));
    let (service, start) = (Service::new(&[Hangs]), Instant::now());
    assert_eq!(expired(call(&service, 1).await), "attempt");
    assert_eq!((service.executions(), start.elapsed()), (2, 7 * SECOND));
    let (service, start) = (Service::new(&[Hangs, Fails, Succeeds]), Instant::now());
    assert_eq!(call(&service, 9).await, Ok(()));
    assert_eq!((service.executions(), start.elapsed()), (3, 5 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_total_timeout_and_one_per_attempt_in_place() {
    #[timeout(10s, message = "total", mode = cooperative)]
    #[retry(max_retries = retries, base_delay = 0s)]
    #[timeout(3s, message = "attempt", mode = cooperative)]
    fn call(service: &Service, retries: u32) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    let service = Service::new(&[FailsAfter(4 * SECOND)]);
    assert_eq!(
        (expired(call(&service, 1)).as_str(), service.executions()),
        ("attempt", 2)
    );
    assert_eq!(
        (expired(call(&service, 9)).as_str(), service.executions()),
        ("total", 2 + 3)
    );
}

#[test]
fn a_total_timeout_and_one_per_attempt_on_workers() {
    #[timeout(1h, message = "total")]
    #[retry(max_retries = 1, base_delay = 0s)]
    #[timeout(limit, message = "attempt")]
    fn call(service: Arc<Service>, limit: Duration) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    with_growing_limits(|limit| {
        let service = Arc::new(Service::new(&[Hangs]));
        assert_eq!(expired(call(Arc::clone(&service), limit)), "attempt");
        let executions = service.executions();
        assert!(executions <= 2, "{executions} executions");
        (executions == 2).then_some(())
    });
    assert_eq!(
        word(&call(
            Arc::new(Service::new(&[Fails, Succeeds])),
            3600 * SECOND
        )),
        "ok"
    );
}

#[tokio::test(start_paused = true)]
async fn the_shorter_of_two_timeouts_in_a_row_decides() {
    #[timeout(outer, message = "outer")]
    #[timeout(inner, message = "inner")]
    async fn call(outer: Duration, inner: Duration) -> Result<(), ApiError> {
        std::future::pending().await
    }
    #[timeout(outer, message = "outer", mode = cooperative)]
    #[timeout(inner, message = "inner", mode = cooperative)]
    fn call_blocking(outer: Duration, inner: Duration) -> Result<(), ApiError> {
        pass(2 * SECOND);
        Ok(())
    }
    assert_eq!(expired(call(SECOND, 3 * SECOND).await), "outer");
    assert_eq!(expired(call(3 * SECOND, SECOND).await), "inner");
    assert_eq!(expired(call_blocking(SECOND, 3 * SECOND)), "outer");
    assert_eq!(expired(call_blocking(3 * SECOND, SECOND)), "inner");
}

#[tokio::test(start_paused = true)]
async fn a_quick_retry_inside_a_patient_one() {
    #[retry(max_retries = 1, base_delay = 1m, jitter = none)]
    #[retry(max_retries = 2, base_delay = 1s, jitter = none)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let (service, start) = (Service::new(&[Fails]), Instant::now());
    assert_eq!(word(&call(&service).await), "down");
    assert_eq!(
        (service.executions(), start.elapsed()),
        (2 * 3, (3 + 60 + 3) * SECOND)
    );
    let (service, start) = (
        Service::new(&[Fails, Fails, Fails, Fails, Succeeds]),
        Instant::now(),
    );
    assert_eq!(call(&service).await, Ok(()));
    assert_eq!(
        (service.executions(), start.elapsed()),
        (5, (3 + 60 + 1) * SECOND)
    );
}

#[test]
fn a_sync_retry_inside_another() {
    #[retry(max_retries = 1, base_delay = 0s)]
    #[retry(max_retries = 2, base_delay = 0s)]
    fn call(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    let service = Service::new(&[Fails]);
    assert_eq!(
        (word(&call(&service)), service.executions()),
        ("down", 2 * 3)
    );
}

#[tokio::test(start_paused = true)]
async fn two_circuits_each_with_its_own_name_and_rules() {
    const HOST: &str = "repeated::host";
    const ENDPOINT: &str = "repeated::endpoint";
    #[circuit_breaker(name = HOST, failure_threshold = 4, ignore(ApiError::Open(_)))]
    #[circuit_breaker(name = ENDPOINT, failure_threshold = 2)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::new(&[Fails]);
    for answer in ["down", "down", "open", "open"] {
        assert_eq!(word(&call(&service).await), answer);
    }
    let stats = |name| registry::stats(name).expect("registered");
    assert_eq!((stats(ENDPOINT).failures, stats(ENDPOINT).refused), (2, 2));
    assert_eq!(
        (
            stats(HOST).failures,
            stats(HOST).ignored,
            stats(HOST).refused
        ),
        (2, 2, 0)
    );
    registry::isolate(HOST);
    let Err(ApiError::Open(open)) = call(&service).await else {
        panic!("refused")
    };
    assert_eq!((open.name(), stats(ENDPOINT).refused), (HOST, 2));
}

#[tokio::test(start_paused = true)]
async fn every_attribute_twice() {
    let breakers = [(); 2]
        .map(|()| CircuitBreaker::new("twice", CircuitBreakerConfig::new().failure_threshold(9)));
    #[timeout(1h)]
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &breakers[0])]
    #[retry(max_retries = 2, base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &breakers[1])]
    #[timeout(3s)]
    async fn call(service: &Service, breakers: &[CircuitBreaker; 2]) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::new(&[Hangs, Fails]);
    let start = Instant::now();
    assert_eq!(word(&call(&service, &breakers).await), "down");
    assert_eq!(
        (service.executions(), start.elapsed()),
        (6, (3 + 1 + 2 + 1 + 1 + 2) * SECOND)
    );
    assert_eq!(breakers.map(|breaker| breaker.stats().failures), [2, 6]);
}
