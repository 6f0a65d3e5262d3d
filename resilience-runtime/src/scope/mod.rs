//! The scopes of the feature `test-util`: each has its own registry, statistics and subscribers.
//!
//! - `current` knows the scope that a thread runs in.
//! - `own` finds the value that a scope has in place of one of the process.
//! - `delays` are the settings of a scope for the delays of retries.
//!
//! Two macros connect the rest of the crate with it: `per_scope!` declares a static of which each
//! scope has its own, and `here!` finds the one of a static that the expansion declares. Without
//! the feature they leave the code as it is, so that a service pays for none of this. The modules
//! that use the macros are unknown here; [`testing`](crate::testing) is the part that users see.

#[cfg(feature = "test-util")]
mod current;
#[cfg(feature = "test-util")]
mod delays;
#[cfg(feature = "test-util")]
mod own;

#[cfg(feature = "test-util")]
pub(crate) use {
    current::{Carried, Entered, ScopeState, current},
    delays::{Delays, draw, has_no_jitter, has_no_waits},
    own::{Own, PerScope},
};

/// Declares a static of which each scope has its own. Without the feature `test-util` it is a plain
/// static.
macro_rules! per_scope {
    ($(#[$attr:meta])* $vis:vis static $name:ident: $ty:ty = $value:expr;) => {
        $(#[$attr])*
        #[cfg(not(feature = "test-util"))]
        $vis static $name: $ty = $value;

        $(#[$attr])*
        #[cfg(feature = "test-util")]
        $vis static $name: $crate::scope::PerScope<$ty> =
            $crate::scope::PerScope::new(|| $value);
    };
}

/// Finds the value that the current scope has in place of a static of the expansion. Without the
/// feature `test-util` it is the static itself.
#[cfg(not(feature = "test-util"))]
macro_rules! here {
    ($of_process:expr) => {
        $of_process
    };
}

/// Finds the value that the current scope has in place of a static of the expansion. Without the
/// feature `test-util` it is the static itself.
#[cfg(feature = "test-util")]
macro_rules! here {
    ($of_process:expr) => {
        $crate::scope::Own::here($of_process)
    };
}

pub(crate) use {here, per_scope};
