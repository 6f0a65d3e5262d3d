//! The body of a function in the scope of a test: failures are injected there, below all layers,
//! and its runs are noted.
//!
//! - `body_run` is the number of a run, and the wait before it.
//! - `injectable` finds out if values of the function's types can be injected.
//! - `injections` are those that wait for a run, and `attempts` the runs that there were.
//! - `run` is one run; `future` and `blocking` are the code around an async and a sync body.
//! - `unscoped` takes the place of the last two in a runtime without the feature `test-util`. Cargo
//!   builds a procedural macro once, and the runtime apart for build scripts and other macros, so
//!   that the expansion may ask a runtime without the feature.

#[cfg(feature = "test-util")]
mod attempts;
#[cfg(feature = "test-util")]
mod blocking;
mod body_run;
#[cfg(feature = "test-util")]
mod future;
mod injectable;
#[cfg(feature = "test-util")]
mod injections;
#[cfg(feature = "test-util")]
mod run;
#[cfg(not(feature = "test-util"))]
mod unscoped;

#[cfg(feature = "test-util")]
pub use attempts::{Attempted, Outcome};
#[cfg(feature = "test-util")]
pub(crate) use {
    attempts::Attempts,
    injections::{Injected, Injections},
};

pub(crate) use body_run::BodyRun;

/// The names that every expansion uses that asks for the scope of a test.
pub(crate) mod expansion {
    #[cfg(feature = "test-util")]
    pub use super::blocking::scoped_body_blocking;
    #[cfg(feature = "test-util")]
    pub use super::future::{ScopedBody, scoped_body};
    #[cfg(not(feature = "test-util"))]
    pub use super::unscoped::{scoped_body, scoped_body_blocking};
    pub use super::{
        body_run::BodyRun,
        injectable::{ErrorProbe, Injectable, ValueProbe},
    };
}
