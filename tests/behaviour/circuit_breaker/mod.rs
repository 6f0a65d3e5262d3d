//! `#[circuit_breaker]`.

mod cancellation;
mod commands;
mod config;
mod consecutive;
mod control;
mod error;
mod fallback;
mod filters;
mod keys;
mod last_error;
mod late;
mod name;
mod open_time;
mod opening;
mod panics;
mod rate;
mod recovery;
mod slow_call;
mod slow_rate;
mod stats;
mod values;
mod window_calls;

use resilience::{CircuitBreaker, CircuitBreakerStats, CircuitOpen, registry};

/// The errors of the service, and the error that a refusal becomes.
#[derive(Clone, Debug, PartialEq)]
enum ApiError {
    Down,
    Status(u16),
    Open(CircuitOpen),
}

impl From<CircuitOpen> for ApiError {
    fn from(open: CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl ApiError {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// The circuit of an attribute that has run at least once.
#[track_caller]
fn circuit(name: &str) -> CircuitBreaker {
    registry::get(name).expect("the first call registers it")
}

#[track_caller]
fn stats(name: &str) -> CircuitBreakerStats {
    circuit(name).stats()
}
