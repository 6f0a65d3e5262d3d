//! A limit on how long a call may take, for futures and for blocking functions.
//!
//! - `limited` and `future` drop a future at the deadline, and `at_expiry` makes the output in
//!   place of the body's. `layer` is a limit among other layers. `progress` is the limit of a call
//!   that runs, and `held_waker` says when its timer need not be polled.
//! - `thread` runs a blocking body on a worker thread and leaves it there at the deadline.
//! - `cooperative` runs a blocking body in place and refuses a late result.
//! - `call_limit` is the limit of one call: the configured one, or the time until a deadline around
//!   it.

mod at_expiry;
mod call_limit;
mod config;
mod conversion;
mod cooperative;
mod description;
mod error;
#[cfg(feature = "config")]
mod file;
mod future;
mod held_waker;
mod layer;
mod limited;
mod operation;
mod progress;
mod settings;
mod thread;

pub use config::TimeoutConfig;
pub use conversion::FromTimedOut;
pub use error::TimedOut;
#[cfg(feature = "config")]
pub(crate) use file::FILE;
pub use future::TimeoutFuture;
pub use layer::TimeoutLayer;
pub use limited::Limited;
pub use settings::TimeoutSettings;
#[cfg(feature = "metrics")]
pub(crate) use thread::worker_limit;
pub use thread::{WorkerArgument, WorkerStats, assert_worker_receiver, worker_stats, workers};

/// The names that the expansion of `#[timeout]` uses.
pub(crate) mod expansion {
    pub use super::{
        FromTimedOut, Limited, TimedOut, TimeoutConfig, TimeoutLayer, WorkerArgument,
        assert_worker_receiver,
    };
}
