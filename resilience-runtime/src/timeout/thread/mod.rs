//! The timeout of a sync body on a worker thread: the caller leaves at the deadline, the body
//! stays.
//!
//! ```text
//! run ──▶ task                    the body, its outcome, and how far it has come
//!  │
//!  └───▶ process_pool ──▶ pool    the threads; each one waits for its next task
//!                          │
//!                          └───▶ pool_state   the idle threads, and the shares of the operations
//! ```
//!
//! A call takes an idle worker out of the pool's state, or starts a thread, and puts its task
//! there. Caller and worker then meet in the task alone: the worker leaves the outcome and wakes
//! the caller, or the caller marks the task as abandoned at its deadline and leaves the rest to the
//! worker.

mod argument;
mod caller_trace;
mod pool;
mod pool_state;
mod process_pool;
mod run;
mod task;
mod worker_config;
pub mod workers;

pub use argument::{WorkerArgument, assert_worker_receiver};
pub use pool_state::WorkerStats;
#[cfg(feature = "metrics")]
pub(crate) use process_pool::worker_limit;
pub use process_pool::worker_stats;
