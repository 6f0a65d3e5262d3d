//! `#[bulkhead]`.

mod error;
mod keys;
mod limit;
mod shared;
mod stacked;

use std::{
    cell::Cell,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use resilience::{BulkheadFull, BulkheadStats, registry};

/// The errors of the service, and the error that a refusal becomes.
#[derive(Clone, Debug, PartialEq)]
enum ApiError {
    Down,
    Full(BulkheadFull),
}

impl From<BulkheadFull> for ApiError {
    fn from(full: BulkheadFull) -> Self {
        Self::Full(full)
    }
}

/// The bulkhead of an attribute that has run at least once.
#[track_caller]
fn stats(name: &str) -> BulkheadStats {
    registry::bulkhead(name).expect("the first call registers it")
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Counts the bodies that run at the same time.
#[derive(Default)]
struct Running {
    now: Cell<u32>,
    most: Cell<u32>,
}

impl Running {
    fn enter(&self) -> impl Drop {
        struct Leave<'r>(&'r Running);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.now.set(self.0.now.get() - 1);
            }
        }
        self.now.set(self.now.get() + 1);
        self.most.set(self.most.get().max(self.now.get()));
        Leave(self)
    }
}
