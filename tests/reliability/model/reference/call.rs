//! A call of the reference, and its end.

use std::time::Duration;

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Failure,
    /// A failure whose error asks for this open time.
    Hinting(Duration),
    Ignored,
    /// Dropped without an outcome.
    Abandoned,
    /// A panic of its own.
    Panicked,
}

/// A call that was admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(super) number: u64,
    pub(super) stay: u64,
    pub(super) admitted: Duration,
    /// Only a call that began while there was a `slow_call` can be too slow.
    pub(super) is_timed: bool,
    /// It passed only because the circuit admits all calls, so it decides nothing.
    pub(super) is_let_through: bool,
}
