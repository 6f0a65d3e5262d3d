//! The errors of users as the policies see them, without a bound on their types.
//!
//! - `inspect` finds out what an error type can do: `Display`, `Error`, `Send`.
//! - `show` is an error as a log line and an event show it.
//! - `error_slot` is the place in which a retry keeps an error between two attempts.
//! - `refusal` is the mark of an error that says: a layer refused the call.
//! - `stack_origin` keeps the same beside an error whose type cannot carry it.

pub(crate) mod error_slot;
mod inspect;
mod refusal;
mod show;
mod stack_origin;

#[cfg(test)]
pub(crate) use inspect::AsDisplay;
pub use inspect::Inspect;
pub(crate) use inspect::{AsTypeName, Traits, View};
pub(crate) use refusal::NotStarted;
pub use refusal::{Origin, Refusal, RefusalKind, is_refusal};
pub(crate) use show::{Shown, ShownKey, excerpt};
pub use stack_origin::AboveTimeout;
pub(crate) use stack_origin::StackOrigin;
