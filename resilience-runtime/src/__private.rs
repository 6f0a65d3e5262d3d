//! The names that the expansion uses. They are no part of the public interface, and change with
//! every release.
//!
//! An expanded function imports this module under one name and finds all it needs here, so that
//! nothing in the user's crate with the name `core`, `Ok` or `Result` can come between.

pub use core::clone::Clone;
pub use core::convert::From;
pub use core::primitive::str;
pub use core::time::Duration;
pub use core::{concat, module_path};
pub use std::option::Option::{self, None};
pub use std::result::Result::{Err, Ok};

pub use crate::answer::{Answer, Answered, Same};
pub use crate::body::{FutureBox, attempt, call, take};
pub use crate::circuit::{
    CallPermit, Classified, FromCircuitOpen, GuardedFuture, RecordedFuture, record,
};
pub use crate::fallible::{Fallible, asks_for, failed, failed_by, failed_with};
pub use crate::function::{FallbackFunction, Limit, OptionFunction, Passing};
pub use crate::inspect::Inspect;
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
#[cfg(resilience_test_policy)]
pub use crate::{EveryThird, EveryThirdConfig, FromThirdCall, ThirdCall};
