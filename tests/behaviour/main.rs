//! What the attributes promise, one module per part of the promise.

mod circuit_breaker;
mod programmatic;
mod registry;
mod retry;
mod stacking;
mod timeout;
