//! The runs of bodies in a scope.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::body_run::BodyRun;

/// One run of the body of an annotated function, as
/// [`Scope::attempts`](crate::testing::Scope::attempts) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempted {
    /// The number of the attempt within its call, from 1. An attempt that a layer refused has a
    /// number and no run, so numbers may be missing.
    pub number: u32,
    /// The end of the run.
    pub outcome: Outcome,
    /// The wait of the retry before the attempt, as it was decided. It is zero before the first
    /// one.
    pub waited: Duration,
}

/// The end of a run of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The body returned `Ok`.
    Succeeded,
    /// The body returned `Err`. The text is the error by its `Display`, else `Debug`, else the name
    /// of its type; control characters are escaped, and it is cut at 256 bytes.
    Failed(String),
    /// The body panicked.
    Panicked,
    /// The body has not ended: it still runs, or a timeout or the caller dropped it.
    Unfinished,
}

/// All runs in a scope, by operation.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<&'static str, Vec<Attempted>>>);

impl Attempts {
    /// Adds a run that begins. Returns its place among those of the operation.
    pub(super) fn begin(&self, operation: &'static str, run: BodyRun) -> usize {
        let mut attempts = self.lock();
        let attempts = attempts.entry(operation).or_default();
        attempts.push(Attempted {
            number: run.number,
            outcome: Outcome::Unfinished,
            waited: run.waited,
        });
        attempts.len() - 1
    }

    pub(super) fn end(&self, operation: &str, place: usize, outcome: Outcome) {
        let mut attempts = self.lock();
        let of_operation = attempts.get_mut(operation);
        if let Some(attempt) = of_operation.and_then(|attempts| attempts.get_mut(place)) {
            attempt.outcome = outcome;
        }
    }

    /// The runs of one operation, in the order in which they began.
    pub(crate) fn of(&self, operation: &str) -> Vec<Attempted> {
        self.lock().get(operation).cloned().unwrap_or_default()
    }

    /// The operations that have run.
    pub(crate) fn operations(&self) -> Vec<&'static str> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Vec<Attempted>>> {
        // Nothing panics under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
