//! The error type of functions with limits in their stacks.

use resilience::{BulkheadFull, CircuitOpen, RateLimited, TimedOut};

#[derive(Debug, PartialEq)]
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
