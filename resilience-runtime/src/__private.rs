//! What the attributes expand into. No part of the public interface: it changes with every release.
//!
//! An expanded function imports this module under one name and finds all it needs here, so that nothing that the user's
//! crate calls `core`, `Ok` or `Result` can come between.

pub use core::clone::Clone;
pub use core::convert::From;
pub use core::time::Duration;
pub use core::{concat, module_path};
pub use std::option::Option::{self, None};
pub use std::result::Result::{Err, Ok};

pub use crate::circuit::{CallPermit, Classified, GuardedFuture, RecordedFuture, record};
pub use crate::function::{FallbackFunction, Limit, OptionFunction, Passing};
pub use crate::inspect::Inspect;
pub use crate::outcome::{
    Answer, Answered, Fallible, FromCircuitOpen, FutureBox, Same, asks_for, attempt, call, failed,
    failed_by, failed_with, take,
};
pub use crate::refusal::Origin;
pub use crate::registry::site::Site;
pub use crate::retry::{
    Attempt, Backoff, CloneIfPossible, Kept, Retry, RetryArgument, keep, keep_unless_last, kept,
};
pub use crate::timeout::{FromTimedOut, Limited, WorkerArgument, assert_worker_receiver};
pub use crate::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, Jitter, RetryConfig, Strategy, TimedOut,
    TimeoutConfig, registry,
};
