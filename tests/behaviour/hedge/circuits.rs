//! A hedge does not add load to a circuit below it that is unwell, and the circuit's books balance.

use std::cell::Cell;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, circuit_breaker, hedge, registry,
};
use tokio::time::{advance, sleep};

use super::{ApiError, Service, ms};

#[hedge(after = 10ms, budget = 1000)]
#[circuit_breaker(breaker = breaker)]
async fn call(breaker: &CircuitBreaker, service: &Service) -> Result<u32, ApiError> {
    service.call().await
}

fn breaker(config: CircuitBreakerConfig) -> CircuitBreaker {
    CircuitBreaker::new("hedge::circuits", config)
}

fn outcomes(stats: &CircuitBreakerStats) -> (u64, u64, u64) {
    (stats.successes, stats.failures, stats.abandoned)
}

#[tokio::test(start_paused = true)]
async fn a_loser_is_abandoned() {
    let breaker = breaker(CircuitBreakerConfig::new());
    let service = Service::new(&[(100, Ok(1)), (20, Ok(2))]);
    assert_eq!(call(&breaker, &service).await, Ok(2));
    assert_eq!(outcomes(&breaker.stats()), (1, 0, 1));
    assert_eq!(service.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn with_half_of_its_failures_there_is_no_hedge() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(4));
    let slow = || Service::new(&[(100, Ok(1)), (20, Ok(2))]);
    breaker.acquire().unwrap().failure();
    assert_eq!(call(&breaker, &slow()).await, Ok(2), "a quarter");
    breaker.acquire().unwrap().failure();
    assert_eq!(call(&breaker, &slow()).await, Ok(1), "half");
    let failing = Service::new(&[(5, Err(1))]);
    assert_eq!(call(&breaker, &failing).await, Err(ApiError::Status(1)));
    assert_eq!(failing.counts(), (1, 1), "nor behind a failure");
}

#[tokio::test(start_paused = true)]
async fn each_circuit_below_is_asked() {
    #[hedge(after = 10ms, budget = 1000)]
    #[circuit_breaker(breaker = upper)]
    #[circuit_breaker(breaker = lower)]
    async fn call(
        upper: &CircuitBreaker,
        lower: &CircuitBreaker,
        service: &Service,
    ) -> Result<u32, ApiError> {
        service.call().await
    }
    for (unwell, answer) in [(0, 1), (1, 1), (2, 2)] {
        let circuits = [(); 2].map(|()| breaker(CircuitBreakerConfig::new().failure_threshold(2)));
        if let Some(unwell) = circuits.get(unwell) {
            unwell.acquire().unwrap().failure();
        }
        let slow = Service::new(&[(100, Ok(1)), (20, Ok(2))]);
        let answered = call(&circuits[0], &circuits[1], &slow).await;
        assert_eq!(answered, Ok(answer), "circuit {unwell} is unwell");
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_is_half_open_there_is_no_hedge() {
    let config = CircuitBreakerConfig::new().half_open_max_calls(2);
    let breaker = breaker(config);
    breaker.trip();
    advance(ms(30_000)).await;
    let slow = Service::new(&[(100, Ok(1)), (20, Ok(2))]);
    assert_eq!(call(&breaker, &slow).await, Ok(1));
    assert_eq!(slow.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_starts_no_other_attempt() {
    let breaker = breaker(CircuitBreakerConfig::new());
    breaker.isolate();
    let service = Service::new(&[(0, Ok(1))]);
    assert!(matches!(
        call(&breaker, &service).await,
        Err(ApiError::Open(_))
    ));
    assert_eq!(breaker.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_per_key_is_asked_for_its_key() {
    #[hedge(after = 10ms, budget = 1000)]
    #[circuit_breaker(name = "hedge::keyed", key = key, failure_threshold = 2)]
    async fn load(key: &str, fails: bool, begun: &Cell<u32>) -> Result<u32, ApiError> {
        begun.set(begun.get() + 1);
        if fails {
            return Err(ApiError::Status(0));
        }
        let number = begun.get();
        sleep(ms(if number == 1 { 100 } else { 20 })).await;
        Ok(number)
    }
    let begun = Cell::new(0);
    assert_eq!(load("well", false, &begun).await, Ok(2));
    assert_eq!(load("unwell", true, &begun).await, Err(ApiError::Status(0)));
    begun.set(0);
    assert_eq!(load("unwell", false, &begun).await, Ok(1));
    begun.set(0);
    assert_eq!(load("well", false, &begun).await, Ok(2));
    let stats = registry::get_key("hedge::keyed", "well").unwrap().stats();
    assert_eq!(outcomes(&stats), (2, 0, 2));
}
