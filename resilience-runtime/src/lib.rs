//! Attributes that make a Rust function resilient: [`#[retry]`](macro@retry),
//! [`#[circuit_breaker]`](macro@circuit_breaker), [`#[timeout]`](macro@timeout),
//! [`#[bulkhead]`](macro@bulkhead), [`#[rate_limit]`](macro@rate_limit),
//! [`#[fallback]`](macro@fallback) and [`#[hedge]`](macro@hedge).
//!
//! They work on sync and async functions, methods and trait methods. The signature and the error
//! type stay as they are, and wrong configuration does not compile.
//!
//! ```
//! use resilience::{CircuitOpen, TimedOut, circuit_breaker, retry, timeout};
//! use std::time::Duration;
//!
//! #[derive(Debug)]
//! enum ApiError {
//!     Busy { retry_after: Option<Duration> },
//!     NotFound,
//!     CircuitOpen(CircuitOpen),
//!     TimedOut(TimedOut),
//! }
//!
//! impl ApiError {
//!     fn retry_after(&self) -> Option<Duration> {
//!         if let Self::Busy { retry_after } = self { *retry_after } else { None }
//!     }
//! }
//!
//! struct Api {
//!     busy: std::cell::Cell<u32>,
//! }
//!
//! impl Api {
//!     #[retry(max_retries = 3, base_delay = 1s, abort_on(ApiError::NotFound), delay_hint = ApiError::retry_after)]
//!     #[circuit_breaker(name = "api", ignore(ApiError::NotFound), error = ApiError::CircuitOpen)]
//!     #[timeout(5s, error = ApiError::TimedOut)]
//!     async fn get(&self, id: u32) -> Result<String, ApiError> {
//!         if id == 0 {
//!             return Err(ApiError::NotFound);
//!         }
//!         if self.busy.replace(0) > 0 {
//!             return Err(ApiError::Busy { retry_after: Some(Duration::from_secs(2)) });
//!         }
//!         Ok(format!("item {id}"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let api = Api { busy: 1.into() };
//! let start = tokio::time::Instant::now();
//! assert_eq!(api.get(7).await.unwrap(), "item 7");
//! assert_eq!(start.elapsed().as_secs(), 2);
//! assert!(matches!(api.get(0).await, Err(ApiError::NotFound)));
//! # }
//! ```
//!
//! The top attribute is the outermost. Here each attempt asks the circuit and has five seconds of
//! its own; `#[timeout]` on top would bound the whole loop. The attributes may stand in any order,
//! and more than once.
//!
//! The package is called `resilience-runtime` and the library `resilience`: write `use
//! resilience::retry`.
//!
//! # Contents
//!
//! | to | there is |
//! |---|---|
//! | choose numbers, orders and errors, act on an open circuit, come from another library | the [`guide`] |
//! | annotate a function | [`#[retry]`](macro@retry), [`#[circuit_breaker]`](macro@circuit_breaker), [`#[timeout]`](macro@timeout), [`#[fallback]`](macro@fallback), [`#[hedge]`](macro@hedge), [`#[bulkhead]`](macro@bulkhead), [`#[rate_limit]`](macro@rate_limit), each with all its options |
//! | share a configuration, `config = …` | [`RetryConfig`], [`CircuitBreakerConfig`], [`TimeoutConfig`], [`BulkheadConfig`], [`RateLimitConfig`], [`HedgeConfig`] |
//! | make one of values that are known at run time only | [`RetrySettings`], [`CircuitBreakerSettings`], [`TimeoutSettings`], [`BulkheadSettings`], [`RateLimitSettings`], and [`ConfigError`] for a wrong value |
//! | limit the retries of all calls together | `budget = …` with a [`RetryBudget`], [`registry::register_budget`], [`registry::budget`] |
//! | wait as long as the server asks | `delay_hint = …` with a [`RetryHint`]; with the feature `http`, `http::retry_after` and `http::grpc_pushback` |
//! | know the number of the attempt | `attempt = …` with an [`Attempt`] |
//! | have a circuit for each tenant, host or shard | `key = …`, [`registry::family`], [`CircuitBreakerFamily`] |
//! | limit how many calls run at the same time | [`Bulkhead`], [`registry::bulkhead`], [`BulkheadStats`] |
//! | limit how many calls are made in a time | [`RateLimit`], [`registry::rate_limit`], [`RateLimitStats`] |
//! | handle the errors of the policies | [`CircuitOpen`], [`TimedOut`], [`BulkheadFull`], [`RateLimited`] |
//! | read how retries, timeouts, fallbacks and hedges went, by function | [`registry::operations`], [`OperationStats`]; everything of the process: [`registry::snapshot`], `Serialize` with the feature `serde` |
//! | read circuits, or move them by hand | [`registry`], [`CircuitBreaker`], [`CircuitBreakerStats`] |
//! | be told of retries and transitions | `on_retry = …` with a [`RetryEvent`], [`events::subscribe`], [`CircuitBreaker::on_transition`], [`changed`](CircuitBreaker::changed) and [`wait_for`](CircuitBreaker::wait_for), `tracing` events under the target `resilience` |
//! | see the limit from inside a body | [`deadline`], [`remaining`], [`is_abandoned`] |
//! | pass the deadline of a request on | [`with_deadline`], [`inherit`], [`inherit_blocking`]; with the feature `http`, `http::insert_deadline` and `http::deadline_from` |
//! | change options without a deployment | with the feature `config`, `config::load`, `config::watch` and `config::describe` |
//! | test code that uses the attributes | with the feature `test-util`, `testing::scope`: failures are injected, states are forced, and parallel tests share nothing |
//! | configure the threads of sync timeouts | [`workers::configure`], [`worker_stats`] |
//! | tell that the service was not asked | [`is_refusal`], [`Refusal`] |
//! | share the circuits of many processes | the package `resilience-fleet`; another store: [`fleet`] |
//! | do without an attribute | [`RetryConfig::run`], [`prepare`](RetryConfig::prepare) and [`run_async`](RetryConfig::run_async), [`CircuitBreaker::call`] and [`call_async`](CircuitBreaker::call_async), [`TimeoutConfig::run_async`], [`run_thread`](TimeoutConfig::run_thread) and [`run_cooperative`](TimeoutConfig::run_cooperative) |
//!
//! # Errors
//!
//! A layer that refuses or expires makes an error of the function's own type at once, by `From` or
//! by `error = …` on the attribute, and the layers around it see that error like any other.
//! [`CircuitOpen`] and [`TimedOut`] convert into [`std::io::Error`] and, as all errors do, into
//! `Box<dyn Error + Send + Sync>`.
//!
//! # Time
//!
//! Time is [`tokio::time::Instant`]: in tests a paused clock drives the delays and limits of async
//! functions, and circuits. A sync `#[retry]` waits in real time, and the worker threads of a sync
//! `#[timeout]` live in it. Async functions need a tokio runtime with its timer enabled; sync ones
//! need none.
//!
//! Without tokio's `test-util`, circuits and timeouts count by the system's clock. Between two of
//! its readings they use the processor's time-stamp counter, where that is steady, and compare it
//! with the clock every few milliseconds.

mod answer;
mod body;
mod budget;
mod bulkhead;
mod by_name;
mod circuit;
mod circuit_state;
mod clock;
#[cfg(feature = "config")]
pub mod config;
mod deadline;
mod errors;
pub mod events;
#[cfg(resilience_test_policy)]
mod every_third;
mod expansion;
mod fallback;
mod fallible;
#[cfg(feature = "config")]
mod file;
pub mod fleet;
mod function;
#[cfg(any(doc, doctest))]
pub mod guide;
mod heard;
mod hedge;
#[cfg(feature = "http")]
pub mod http;
mod keyed;
mod layers;
mod limiter;
#[cfg(feature = "metrics")]
pub mod metrics;
mod operation;
mod random;
mod rate_limit;
pub mod registry;
mod reports;
mod retry;
mod scope;
mod scoped_body;
#[cfg(feature = "serde")]
mod serialize;
mod settings;
#[cfg(feature = "serde")]
mod settings_serde;
mod sync;
#[cfg(feature = "test-util")]
pub mod testing;
mod thread_shard;
mod timeout;
#[cfg(test)]
mod tracing_interest;
mod unwind;

/// The names that the expansion uses. They are no part of the public interface, and change with
/// every release.
///
/// An expanded function imports this module under one name and finds all it needs here, so that
/// nothing in the user's crate with the name `core`, `Ok` or `Result` can come between.
#[doc(hidden)]
pub mod __private {
    #[cfg(resilience_test_policy)]
    pub use crate::every_third::expansion::*;
    pub use crate::{
        bulkhead::expansion::*, circuit::expansion::*, expansion::*, fallback::expansion::*,
        hedge::expansion::*, rate_limit::expansion::*, retry::expansion::*,
        scoped_body::expansion::*, timeout::expansion::*,
    };
}

pub use budget::{RetryBudget, RetryBudgetStats};
pub use bulkhead::{
    Bulkhead, BulkheadAcquire, BulkheadConfig, BulkheadFull, BulkheadPermit, BulkheadSettings,
    BulkheadStats, OwnedBulkheadPermit,
};
pub use circuit::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerFamily, CircuitBreakerFuture,
    CircuitBreakerSettings, CircuitBreakerStats, CircuitOpen, CircuitStateFuture, Command,
    CommandRecord, FamilyStats, OwnedPermit, Permit, Transition, TransitionRecord,
};
pub use circuit_state::{CircuitState, TransitionReason};
pub use deadline::{
    DeadlineFuture, InheritFuture, deadline, inherit, inherit_blocking, is_abandoned, remaining,
    with_deadline,
};
pub use errors::{Refusal, RefusalKind, is_refusal};
#[cfg(resilience_test_policy)]
pub use every_third::{EveryThirdConfig, ThirdCall};
pub use hedge::HedgeConfig;
pub use operation::{GaveUpCounts, OperationStats, PolicyDescription, ResolvedSetting};
pub use rate_limit::{
    RateLimit, RateLimitAcquire, RateLimitConfig, RateLimitSettings, RateLimitStats, RateLimited,
};
#[cfg(resilience_test_policy)]
pub use resilience_macros::every_third;
#[doc(hidden)]
pub use resilience_macros::{
    async_bulkhead, async_circuit_breaker, async_fallback, async_hedge, async_rate_limit,
    async_retry, async_timeout,
};
pub use resilience_macros::{
    bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout,
};
pub use retry::{
    Attempt, Jitter, PreparedRetry, RetryConfig, RetryEvent, RetryFuture, RetryHint, RetrySettings,
    Strategy,
};
pub use settings::ConfigError;
pub use settings::Source;
pub use timeout::{
    TimedOut, TimeoutConfig, TimeoutFuture, TimeoutSettings, WorkerStats, worker_stats, workers,
};
