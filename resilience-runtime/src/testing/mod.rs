//! Aids for tests of annotated functions: feature `test-util`.
//!
//! Circuits, bulkheads, rate limits and budgets belong to the process, and tests run in parallel in
//! one process: the outage that one test plays opens the circuit that another one calls. A
//! [`scope`] gives a test its own.
//!
//! ```toml
//! [dev-dependencies]
//! resilience-runtime = { version = "0.1", features = ["test-util"] }
//! ```
//!
//! A test that a service would have:
//!
//! ```
//! use resilience::{CircuitOpen, CircuitState, circuit_breaker, registry, retry, testing};
//!
//! #[derive(Debug, PartialEq)]
//! enum ApiError {
//!     Busy,
//!     CircuitOpen,
//! }
//!
//! impl From<CircuitOpen> for ApiError {
//!     fn from(_: CircuitOpen) -> Self {
//!         Self::CircuitOpen
//!     }
//! }
//!
//! #[retry(max_retries = 2, operation = "jira.issue")]
//! #[circuit_breaker(name = "jira", failure_threshold = 5)]
//! async fn issue(id: u32) -> Result<String, ApiError> {
//!     Ok(format!("issue {id}, from the network"))
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! // In a test with `#[tokio::test(start_paused = true)]`, so that the delays pass at once:
//! let scope = testing::scope();
//! scope.fail_next("jira.issue", 5, || ApiError::Busy);
//!
//! assert_eq!(issue(1).await, Err(ApiError::Busy));
//! assert_eq!(issue(2).await, Err(ApiError::Busy));
//! assert_eq!(issue(3).await, Err(ApiError::CircuitOpen));
//!
//! assert_eq!(scope.attempts("jira.issue").len(), 5);
//! assert_eq!(registry::get("jira").unwrap().state(), CircuitState::Open);
//! # }
//! ```
//!
//! | to | there is |
//! |---|---|
//! | let the body fail, answer, panic or be slow | [`fail_next`](Scope::fail_next), [`answer_next`](Scope::answer_next), [`panic_next`](Scope::panic_next), [`delay_next`](Scope::delay_next) |
//! | begin with an open circuit | [`circuit`](Scope::circuit) and [`force`](ScopedCircuit::force) |
//! | see the attempts and the waits | [`attempts`](Scope::attempts) |
//! | have exact delays | [`no_jitter`](Scope::no_jitter), [`seed`](Scope::seed) |
//! | not wait | [`no_waits`](Scope::no_waits) for sync functions; `start_paused = true` of tokio for async ones |
//! | check the attributes themselves | [`plan`](Scope::plan) |
//! | test code on several threads | [`run`](Scope::run), [`inherit`](crate::inherit), [`inherit_blocking`](crate::inherit_blocking) |
//!
//! # The scope
//!
//! - Circuits, circuits per key, bulkheads, rate limits and budgets begin unused in a scope, and
//!   [`registry`](crate::registry) shows those of the scope. So it is with statistics, subscribers
//!   of [`events`](crate::events), metrics, and the configuration file: what `config::apply` sets
//!   in a scope holds in the scope, and a `config::watch` that begins in a scope applies its file
//!   there.
//! - A scope belongs to its thread. A `#[tokio::test]` runs all its tasks on one thread, so they
//!   are in the scope. Under `flavor = "multi_thread"` a spawned task needs
//!   [`inherit`](crate::inherit). The worker of a sync `#[timeout]` is in the scope of its caller.
//! - Do not keep a scope across an await in a future that other code on the thread is polled
//!   beside, because that code is then in the scope, too: use [`run`](Scope::run).
//! - Handles that the test holds, such as a `CircuitBreaker` in a static or a `breaker = …`, are
//!   not named, so every scope shares them. The log, the threads of sync timeouts and the clock
//!   belong to the process.
//! - Each scope takes some kilobytes that are freed when the process ends.
//!
//! # Injections
//!
//! An injection stands in place of the body, below all layers, so that retries, circuits and
//! timeouts act as on a real failure. It goes by the [operation](crate::OperationStats::name),
//! which a constant `operation = "jira.issue"` makes short. Outcomes are taken in the order in
//! which they were added, and so are delays; a run takes the next delay, and when that is over the
//! next outcome.
//!
//! # The cost
//!
//! The feature changes the expansion and the runtime. Have it in `dev-dependencies` only: cargo
//! then turns it on for tests and examples, and not for the program. Without the feature no
//! instruction is left of it.

mod circuit;
mod future;
mod scope;

pub use self::{
    circuit::{Forced, ScopedCircuit},
    future::ScopeFuture,
    scope::{Scope, scope},
};
pub use crate::scoped_body::{Attempted, Outcome};
