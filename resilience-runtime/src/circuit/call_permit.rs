//! The permit of a call that the library runs itself.

use std::{fmt, mem};

use super::{
    admission::{Admission, Cause, Outcome},
    shared::Shared,
};

/// The permit of a call that runs under it, in place or as a future that is polled under it.
///
/// Every way out of such a call records an outcome or abandons the permit, so only a panic of the
/// call drops it. That is a failure. The thread is not asked if it unwinds, because its answer is
/// the same for a panic that was under way before the call began.
#[doc(hidden)]
#[must_use = "a permit that is dropped counts as a call that panicked"]
pub struct CallPermit<'c> {
    shared: &'c Shared,
    admission: Admission,
}

impl<'c> CallPermit<'c> {
    #[inline]
    pub(super) fn new(shared: &'c Shared, admission: Admission) -> Self {
        Self { shared, admission }
    }

    #[inline]
    pub fn success(self) {
        let (shared, admission) = self.spend();
        shared.succeed(admission);
    }

    #[inline]
    pub fn failure(self) {
        let (shared, admission) = self.spend();
        shared.fail(admission, None);
    }

    #[inline]
    pub(super) fn record(self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.success(),
            Outcome::Failure => self.failure(),
            Outcome::Ignored => {
                let (shared, admission) = self.spend();
                shared.record(admission, outcome, None);
            }
        }
    }

    /// Records the outcome of a call that returned an error. Only a failure that may open the
    /// circuit asks for its cause.
    #[inline]
    pub(super) fn record_error<'e>(self, outcome: Outcome, cause: impl FnOnce() -> Cause<'e>) {
        let (shared, admission) = self.spend();
        match outcome {
            Outcome::Success => shared.succeed(admission),
            Outcome::Failure if shared.add_failure(admission) => {}
            Outcome::Failure => shared.record(admission, outcome, Some(&cause())),
            Outcome::Ignored => shared.record(admission, outcome, None),
        }
    }

    /// Records that the call was cancelled, even if the thread unwinds.
    pub(super) fn abandon(self) {
        let (shared, admission) = self.spend();
        shared.abandon(admission);
    }

    /// Takes the admission out, for a permit of another kind, or for one that is kept without its
    /// circuit.
    #[inline]
    pub(super) fn into_admission(self) -> Admission {
        self.spend().1
    }

    /// Takes the permit apart without its drop, so that a panic while an outcome is recorded cannot
    /// record a second one.
    #[inline]
    fn spend(self) -> (&'c Shared, Admission) {
        let parts = (self.shared, self.admission);
        mem::forget(self);
        parts
    }
}

impl Drop for CallPermit<'_> {
    #[cold]
    fn drop(&mut self) {
        self.shared.record(self.admission, Outcome::Failure, None);
    }
}

impl fmt::Debug for CallPermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallPermit")
            .field("circuit", &self.shared.name)
            .finish_non_exhaustive()
    }
}
