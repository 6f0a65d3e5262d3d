//! The error type of most functions under test.

use resilience::{CircuitOpen, TimedOut};

/// The errors of the service, and those that the policies make.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ApiError {
    Down,
    Status(u32),
    Stale,
    Open(CircuitOpen),
    Late(TimedOut),
}

impl From<CircuitOpen> for ApiError {
    fn from(open: CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<TimedOut> for ApiError {
    fn from(late: TimedOut) -> Self {
        Self::Late(late)
    }
}
