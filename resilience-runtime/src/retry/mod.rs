//! Retry: calling again after an error, with a growing, jittered delay in between.
//!
//! What decides is pure: [`delay`] computes how long to wait, [`schedule`] whether to. What does is thin: [`attempt`]
//! asks the caller's filters, [`dice`] draws, [`log`] reports, [`mod@backoff`] waits, and [`run`] is the loop for closures;
//! `#[retry]` emits its own.

mod attempt;
mod backoff;
mod clones;
mod config;
mod delay;
mod dice;
mod event;
mod kept;
mod log;
mod progress;
mod run;
mod schedule;

pub use attempt::Attempt;
pub use backoff::Backoff;
pub use clones::{RetryArgument, keep, keep_unless_last, kept};
pub use config::RetryConfig;
pub use delay::{Jitter, Strategy};
pub use event::RetryEvent;
pub use kept::{CloneIfPossible, Kept};
pub use progress::Retry;
pub use run::Retrying;
