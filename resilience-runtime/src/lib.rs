//! Attributes that make a Rust function resilient.

mod circuit;
mod outcome;
pub mod registry;
mod retry;
mod show;
mod sync;
mod timeout;
mod unwind;

#[doc(hidden)]
pub mod __private;

pub use circuit::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, CircuitCall, CircuitOpen, CircuitState, Permit,
    Transition,
};
pub use resilience_macros::{circuit_breaker, retry, timeout};
pub use retry::{Jitter, RetryConfig, RetryEvent, Retrying, Strategy};
pub use timeout::{TimedOut, TimeoutConfig, TimeoutFuture, WorkerStats, deadline, is_abandoned, worker_stats};
