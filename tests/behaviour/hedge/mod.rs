//! `#[hedge]`.

mod arguments;
mod attempts;
mod budget;
mod circuits;
mod config;
mod latency;
mod losers;
mod stacked;
mod statistics;

use std::{
    cell::Cell,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::time::sleep;

use crate::api_error::ApiError;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A service whose calls take the time and have the outcome of a script, in the order of their
/// start.
struct Service {
    script: &'static [(u64, Result<u32, u32>)],
    begun: Cell<usize>,
    /// The calls that were dropped or have ended.
    over: Cell<usize>,
}

struct Running<'s>(&'s Service);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.over.set(self.0.over.get() + 1);
    }
}

impl Service {
    fn new(script: &'static [(u64, Result<u32, u32>)]) -> Self {
        Self {
            script,
            begun: Cell::new(0),
            over: Cell::new(0),
        }
    }

    async fn call(&self) -> Result<u32, ApiError> {
        let at = self.begun.get();
        self.begun.set(at + 1);
        let _running = Running(self);
        let (took, outcome) = self.script[at.min(self.script.len() - 1)];
        if took > 0 {
            sleep(ms(took)).await;
        }
        outcome.map_err(ApiError::Status)
    }

    /// The calls that have begun, and those that are over.
    fn counts(&self) -> (usize, usize) {
        (self.begun.get(), self.over.get())
    }
}

/// A number for each call, across threads.
fn next(calls: &AtomicU32) -> u32 {
    calls.fetch_add(1, Ordering::Relaxed) + 1
}
