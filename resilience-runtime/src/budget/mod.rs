//! Retry budgets: a limit for the retries that a process adds to its calls, so that retries cannot
//! cause the outage that they should survive.
//!
//! ```text
//! budget.rs       RetryBudget, as users write it in a static
//! counts.rs       the counts of a budget: reads the clock and takes the lock
//! deposits.rs     counts calls without a lock, because every call deposits
//! withdrawals.rs  counts retries and decides, under a lock, because only failed calls withdraw
//! slices.rs       the time in slices of the window, which both use
//! named.rs        the budgets of the process by name
//! versions.rs     the values of a budget in the file, each with a number
//! in_layer.rs     the key `budget` in the sections of policies that draw on one
//! ```
//!
//! The model is Finagle's `RetryBudget`: a deposit for each call, a withdrawal for each retry, and
//! both leave the window with their age.
//! <https://twitter.github.io/finagle/guide/Clients.html#retries>

#[expect(
    clippy::module_inception,
    reason = "the file has the name of the type that users know"
)]
mod budget;
mod counts;
mod deposits;
#[cfg(feature = "config")]
mod file;
#[cfg(any(feature = "config", feature = "serde"))]
pub(crate) mod given;
#[cfg(feature = "config")]
mod in_layer;
mod log;
mod named;
mod settings;
mod slices;
mod stats;
#[cfg(feature = "config")]
mod versions;
mod withdrawals;

pub use budget::RetryBudget;
pub use stats::RetryBudgetStats;

pub(crate) use named::all_stats;
pub(crate) use named::stats;
#[cfg(feature = "config")]
pub(crate) use {
    file::FILE,
    in_layer::{BUDGET_OF_HEDGES, BUDGET_OF_RETRIES, budget_in_file},
    named::{describe, hold, is_used},
};
