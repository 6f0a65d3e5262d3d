//! The error type of the tests whose stacks have limits in them.

use resilience::{BulkheadFull, CircuitOpen, RateLimited, TimedOut};

/// An error type without sources, so that only the stack knows a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    Down,
    Full,
    Limited,
    Open,
    Late,
}

impl From<BulkheadFull> for Fault {
    fn from(_: BulkheadFull) -> Self {
        Self::Full
    }
}

impl From<RateLimited> for Fault {
    fn from(_: RateLimited) -> Self {
        Self::Limited
    }
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
