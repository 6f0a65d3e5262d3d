//! A limit on how long a call may take, for futures and for blocking functions.
//!
//! - `limited` and `future` drop a future at the deadline.
//! - `thread` runs a blocking body on a worker thread and leaves it there at the deadline.
//! - `cooperative` runs a blocking body in place and refuses a late result.
//! - `deadline` answers a blocking body's questions about the limit that it runs under.

mod config;
mod conversion;
mod cooperative;
mod deadline;
mod error;
mod future;
mod limited;
mod operation;
mod settings;
mod thread;

pub use config::TimeoutConfig;
pub use conversion::FromTimedOut;
pub(crate) use deadline::would_outlast;
pub use deadline::{deadline, is_abandoned};
pub use error::TimedOut;
pub use future::TimeoutFuture;
pub use limited::Limited;
pub use settings::TimeoutSettings;
pub use thread::{WorkerArgument, WorkerStats, assert_worker_receiver, worker_stats, workers};

/// The names that the expansion of `#[timeout]` uses.
pub(crate) mod expansion {
    pub use super::{
        FromTimedOut, Limited, TimedOut, TimeoutConfig, WorkerArgument, assert_worker_receiver,
    };
}
