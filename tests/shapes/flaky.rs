//! The service that the annotated functions call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use resilience::{BulkheadFull, CircuitOpen, RateLimited, TimedOut};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    Down,
    BulkheadFull,
    CircuitOpen,
    RateLimited,
    TimedOut,
    /// Something else failed, which `?` converted.
    Number,
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

impl From<std::num::ParseIntError> for Error {
    fn from(_: std::num::ParseIntError) -> Self {
        Self::Number
    }
}

/// A dependency that is down for a number of calls and then answers with how often it was called.
/// Clones are the same dependency.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flaky {
    failures: u32,
    calls: Arc<AtomicU32>,
}

impl Flaky {
    pub(crate) fn failing(failures: u32) -> Self {
        Self {
            failures,
            calls: Arc::default(),
        }
    }

    pub(crate) fn call(&self) -> Result<u32, Error> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call > self.failures {
            Ok(call)
        } else {
            Err(Error::Down)
        }
    }

    /// The future is not ready at once.
    pub(crate) async fn call_async(&self) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        self.call()
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}
