//! The settings of a scope for the delays of retries.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::current::{ScopeState, current};

/// The delays of the retries in one scope.
#[derive(Debug, Default)]
pub(crate) struct Delays {
    has_no_jitter: AtomicBool,
    has_no_waits: AtomicBool,
    generator: Mutex<Option<SmallRng>>,
}

/// The settings of the current scope.
fn delays() -> Option<&'static Delays> {
    current().map(ScopeState::value)
}

/// True if the current scope has delays without jitter.
pub(crate) fn has_no_jitter() -> bool {
    delays().is_some_and(|delays| delays.has_no_jitter.load(Ordering::Relaxed))
}

/// True if sync retries do not wait in the current scope.
pub(crate) fn has_no_waits() -> bool {
    delays().is_some_and(|delays| delays.has_no_waits.load(Ordering::Relaxed))
}

/// Draws a number from `[0, 1)`, if the current scope has a seed.
pub(crate) fn draw() -> Option<f64> {
    delays()?.generator().as_mut().map(RngExt::random)
}

impl Delays {
    pub(crate) fn seed(&self, seed: u64) {
        *self.generator() = Some(SmallRng::seed_from_u64(seed));
    }

    pub(crate) fn set_no_jitter(&self) {
        self.has_no_jitter.store(true, Ordering::Relaxed);
    }

    pub(crate) fn set_no_waits(&self) {
        self.has_no_waits.store(true, Ordering::Relaxed);
    }

    fn generator(&self) -> MutexGuard<'_, Option<SmallRng>> {
        // Nothing panics under the lock.
        self.generator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
