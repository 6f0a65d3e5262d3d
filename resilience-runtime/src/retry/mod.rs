//! Retry: calling again after an error, with a growing, jittered delay in between.
//!
//! [`delay`] computes the delays and [`schedule`] decides on another attempt; both are pure. The
//! other files are thin: [`state`] is one call and [`progress`] its state between attempts,
//! [`stack_retry`] is a call whose attempts are one future each,
//! [`blocking`] is a call of a sync function that its configuration alone decides on,
//! [`ended_attempt`] asks the caller's filters after each attempt and [`review`] decides by the
//! answers, [`attempt_span`] is the span around one, [`log`] reports, [`mod@backoff`] waits, and
//! [`run`] is the loop for closures. `#[retry]` emits a loop of its own.

mod attempt_duration;
mod attempt_future;
mod attempt_span;
mod backoff;
mod blocking;
mod clones;
mod config;
mod converted;
mod delay;
mod description;
mod ended_attempt;
mod event;
mod failed_attempt;
#[cfg(feature = "config")]
mod file;
mod hint;
mod hint_function;
mod hooks;
mod kept;
mod log;
mod number;
mod progress;
mod review;
mod run;
mod schedule;
mod settings;
mod stack_retry;
mod state;
mod strategy;
mod success;

pub use attempt_future::AttemptFuture;
pub use attempt_span::{AttemptSpan, EnteredAttempt};
pub use backoff::Backoff;
pub use blocking::{Begun, FailedWith};
pub use clones::{RetryArgument, keep, keep_unless_last, kept};
pub use config::RetryConfig;
pub use converted::ConvertIfClone;
pub use ended_attempt::{EndedAttempt, asks_for};
pub use event::RetryEvent;
#[cfg(feature = "config")]
pub(crate) use file::FILE;
pub use hint::RetryHint;
pub use hint_function::HintFunction;
pub use kept::{CloneIfPossible, Kept};
pub use number::Attempt;
pub use run::{PreparedRetry, RetryFuture};
pub use settings::RetrySettings;
pub use stack_retry::StackRetry;
pub use state::Retry;
pub use strategy::{Jitter, Strategy};

/// The names that the expansion of `#[retry]` uses.
pub(crate) mod expansion {
    pub use super::{
        AttemptFuture, AttemptSpan, Backoff, Begun, CloneIfPossible, ConvertIfClone, EndedAttempt,
        EnteredAttempt, FailedWith, HintFunction, Jitter, Kept, Retry, RetryArgument, RetryConfig,
        StackRetry, Strategy, asks_for, keep, keep_unless_last, kept,
    };
}
