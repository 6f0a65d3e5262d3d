//! A limit on how long a call may take, for futures and for blocking functions.
//!
//! - `future`: drops the future at the deadline.
//! - `thread`, `job`, `pool`, `roster`, `trace`: runs a blocking body on a worker and leaves it there at the deadline.
//! - `cooperative`: runs a blocking body in place and refuses a late result.
//! - `deadline`: what a blocking body may ask about the limit it runs under.

mod config;
mod cooperative;
mod deadline;
mod error;
mod future;
mod job;
mod pool;
mod roster;
mod thread;
mod trace;

pub use config::TimeoutConfig;
pub(crate) use deadline::would_outlast;
pub use deadline::{deadline, is_abandoned};
pub use error::TimedOut;
pub use future::TimeoutFuture;
pub use pool::worker_stats;
pub use roster::WorkerStats;
