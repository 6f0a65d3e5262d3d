//! Hedge: more attempts beside a slow first one, of which the first success wins.
//!
//! - `progress` decides on another attempt; it is pure.
//! - `hedged` is the future that polls the attempts, in the caller's task; `call` is the part of it
//!   that is the same for all functions, and `hedges` the attempts behind the first one.
//! - `latency` measures a function, for `after = p95`, and `histogram` counts the durations.
//! - `outcome` is the end of an attempt, and `argument` an argument that each attempt has a clone
//!   of.

mod argument;
mod call;
mod config;
mod description;
#[cfg(feature = "config")]
pub(crate) mod file;
mod hedged;
mod hedges;
mod histogram;
mod latency;
mod outcome;
mod progress;

pub use config::HedgeConfig;

/// The names that the expansion of `#[hedge]` uses.
pub(crate) mod expansion {
    pub use super::argument::{HedgeArgument, OwnedByAttempt};
    pub use super::call::HedgedCall;
    pub use super::config::HedgeConfig;
    pub use super::hedged::Hedged;
    pub use super::latency::Latency;
    pub use super::outcome::outcome_of_attempts;
}
