//! The error of the functions under test.

use std::panic::{AssertUnwindSafe, catch_unwind};

use resilience::{CircuitOpen, TimedOut};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    Down,
    Open,
    Late,
}

impl From<CircuitOpen> for Fault {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::Late
    }
}

/// The text of the panic of `f`.
#[track_caller]
pub(crate) fn panic_text<T>(f: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("it panics");
    *panic
        .downcast()
        .expect("a message with values is a `String`")
}
