//! The service that the functions of this crate call, and its error.

use std::cell::Cell;
use std::time::Duration;

use resilience::{BulkheadFull, CircuitOpen, RateLimited, RetryEvent, TimedOut};

#[derive(Debug, PartialEq)]
pub(crate) enum Error {
    Busy,
    NotFound,
    BulkheadFull,
    RateLimited,
    CircuitOpen,
    TimedOut,
}

impl From<BulkheadFull> for Error {
    fn from(_: BulkheadFull) -> Self {
        Self::BulkheadFull
    }
}

impl From<RateLimited> for Error {
    fn from(_: RateLimited) -> Self {
        Self::RateLimited
    }
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::CircuitOpen
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl Error {
    pub(crate) fn is_busy(&self) -> bool {
        *self == Self::Busy
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.is_busy().then_some(Duration::from_millis(1))
    }
}

/// A service that is busy for so many calls and then answers with the number of the call.
#[derive(Default)]
pub(crate) struct Service {
    pub(crate) is_missing: bool,
    pub(crate) busy: u32,
    pub(crate) calls: Cell<u32>,
    pub(crate) retries: Cell<u32>,
}

impl Service {
    pub(crate) fn busy(calls: u32) -> Self {
        Self {
            busy: calls,
            ..Self::default()
        }
    }

    pub(crate) fn answer(&self) -> Result<u32, Error> {
        self.calls.set(self.calls.get() + 1);
        if self.is_missing {
            Err(Error::NotFound)
        } else if self.calls.get() <= self.busy {
            Err(Error::Busy)
        } else {
            Ok(self.calls.get())
        }
    }

    pub(crate) fn count_retry(&self, event: &RetryEvent<'_, u32, Error>) {
        self.retries.set(event.attempt);
    }
}
