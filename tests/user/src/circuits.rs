//! `#[circuit_breaker]`.

use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState, circuit_breaker, registry,
};

use crate::service::{Error, Service};

pub(crate) const CIRCUIT: CircuitBreakerConfig = CircuitBreakerConfig::new().failure_threshold(2);

impl Service {
    #[circuit_breaker(
        name = "by threshold",
        failure_threshold = 1,
        failure_window = 10s,
        recovery_timeout = 30s,
        success_threshold = 1,
        half_open_max_calls = 2,
        slow_call = 1m,
        failure_on(Error::Busy),
        failure_if = Error::is_busy,
        failure_if_ok = |calls| *calls == 0,
        ignore(Error::NotFound),
        fallback = Self::fallback,
    )]
    async fn guarded(&self) -> Result<u32, Error> {
        self.answer()
    }

    async fn fallback(_: &CircuitOpen, _: &Self) -> Result<u32, Error> {
        Ok(99)
    }
}

#[circuit_breaker(
    name = "by rate",
    failure_rate = 0.5,
    minimum_calls = 2,
    operation = "user.by_rate",
    error = |_| Error::CircuitOpen,
    crate = crate::facade::resilience,
)]
fn guarded_by_rate(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(
    name = "in a row",
    consecutive_failures = 2,
    recovery_multiplier = 2.0,
    max_recovery_timeout = 10m,
    recovery_jitter = 0.1,
    recovery_hint = Error::retry_after,
)]
fn guarded_in_a_row(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(
    name = "by slow calls",
    failure_rate = 1.0,
    window_calls = 2,
    slow_call = 1ms,
    slow_rate = 1.0,
)]
fn guarded_by_slow_calls() -> Result<u32, Error> {
    std::thread::sleep(Duration::from_millis(5));
    Ok(1)
}

#[circuit_breaker(name = "shared settings", config = CIRCUIT)]
fn guarded_by_config(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(breaker = breaker)]
fn guarded_by_handle(breaker: &CircuitBreaker, service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(name = "by key", key = tenant, max_keys = 2, idle = 10m, config = CIRCUIT)]
async fn guarded_by_key(tenant: &str, service: &Service) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    service.answer()
}

pub(crate) fn state(name: &str) -> Option<CircuitState> {
    registry::get(name).map(|breaker| breaker.state())
}

pub(crate) async fn run() {
    let service = Service::busy(1);
    assert_eq!(service.guarded().await, Err(Error::Busy));
    assert_eq!(service.guarded().await, Ok(99));
    assert_eq!(state("by threshold"), Some(CircuitState::Open));

    let service = Service::busy(1);
    assert_eq!(guarded_by_rate(&service), Err(Error::Busy));
    assert_eq!(guarded_by_rate(&service), Ok(2));
    assert_eq!(state("by rate"), Some(CircuitState::Closed));

    let service = Service::busy(9);
    for expected in [Error::Busy, Error::Busy, Error::CircuitOpen] {
        assert_eq!(guarded_in_a_row(&service), Err(expected));
    }
    for expected in [Ok(1), Ok(1), Err(Error::CircuitOpen)] {
        assert_eq!(guarded_by_slow_calls(), expected);
    }

    let service = Service::busy(9);
    for expected in [Error::Busy, Error::Busy, Error::CircuitOpen] {
        assert_eq!(guarded_by_config(&service), Err(expected));
    }
    let breaker = CircuitBreaker::new("by handle", CIRCUIT);
    for expected in [Error::Busy, Error::Busy, Error::CircuitOpen] {
        assert_eq!(guarded_by_handle(&breaker, &service), Err(expected));
    }

    let service = Service::busy(2);
    for expected in [Err(Error::Busy), Err(Error::Busy), Err(Error::CircuitOpen)] {
        assert_eq!(guarded_by_key("one", &service).await, expected);
    }
    assert_eq!(guarded_by_key("two", &service).await, Ok(3));
    let family = registry::family("by key").expect("it ran");
    assert_eq!((family.keys, family.open, family.closed), (2, 1, 1));
}
