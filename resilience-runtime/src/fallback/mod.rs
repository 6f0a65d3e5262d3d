//! Fallback: an answer in place of an error.
//!
//! - `failed_call` asks the filters whether the error is answered.
//! - `told` counts each use and tells the log and the subscribers of it.
//! - `argument` is an argument that the body consumes and the fallback uses.

mod argument;
mod description;
mod failed_call;
#[cfg(feature = "config")]
pub(crate) mod file;
mod layer;
mod told;

/// The names that the expansion of `#[fallback]` uses.
pub(crate) mod expansion {
    pub use super::argument::FallbackArgument;
    pub use super::failed_call::FailedCall;
    pub use super::layer::Fallback;
}
