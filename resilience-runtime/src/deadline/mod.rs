//! The deadline that code runs under, for timeouts to set and for retries to ask.
//!
//! - `frame` is a deadline with the way in which code is ended at it.
//! - `this_thread` has the frame of the code that runs.
//! - `current` answers the questions of the code that runs under it.
//! - `future` sets a deadline from outside, such as that of a request.
//! - `inherit` carries the deadline to another task or thread.

mod current;
mod frame;
mod future;
mod inherit;
mod this_thread;

pub use current::{deadline, is_abandoned, remaining};
pub(crate) use current::{set_abandoned_flag, was_reached, would_outlast};
pub(crate) use frame::Frame;
pub use future::{DeadlineFuture, with_deadline};
pub use inherit::{InheritFuture, inherit, inherit_blocking};
pub(crate) use this_thread::Entered;
