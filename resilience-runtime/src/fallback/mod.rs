//! Fallback: an answer in place of an error.
//!
//! - `failed_call` asks the filters whether the error is answered.
//! - `told` counts each use and tells the log and the subscribers of it; `uses` decides on the warning
//!   of each minute.
//! - `argument` is an argument that the body consumes and the fallback uses.

mod argument;
mod failed_call;
mod told;
mod uses;

/// The names that the expansion of `#[fallback]` uses.
pub(crate) mod expansion {
    pub use super::argument::FallbackArgument;
    pub use super::failed_call::FailedCall;
    pub use super::told::Fallback;
}
