//! Attributes that make a Rust function resilient.

mod circuit;
mod outcome;
pub mod registry;
mod retry;
mod show;
mod sync;
mod timeout;

#[doc(hidden)]
pub mod __private;

pub use circuit::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, CircuitCall, CircuitOpen,
    CircuitState, Permit, Transition,
};
