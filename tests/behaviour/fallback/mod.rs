//! `#[fallback]`.

mod answers;
mod arguments;
mod filters;
mod stacked;
mod statistics;

use resilience::{CircuitOpen, TimedOut};

/// The errors of the service, and those that the policies make.
#[derive(Clone, Debug, PartialEq)]
enum ApiError {
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
