//! The use of a circuit that has a key, for the table of the keys.

use super::{Locked, Shared};
use crate::{
    circuit::{
        admission::{Admission, Cause, Outcome},
        config::CircuitBreakerConfig,
        usage::Usage,
    },
    clock,
};

/// Ends a call when it is dropped, so that a panic of a listener ends the call, too.
pub(super) struct EndOfCall<'c>(Option<&'c Usage>);

impl Drop for EndOfCall<'_> {
    fn drop(&mut self) {
        if let Some(usage) = self.0 {
            usage.end_call(clock::now());
        }
    }
}

impl Shared {
    pub(crate) fn usage(&self) -> Option<&Usage> {
        self.name.keyed().map(|keyed| &keyed.usage)
    }

    pub(super) fn begin_call(&self) {
        if let Some(usage) = self.usage() {
            usage.begin_call();
        }
    }

    pub(super) fn end_of_call(&self) -> EndOfCall<'_> {
        EndOfCall(self.usage())
    }

    #[inline(never)]
    pub(super) fn record_of_key(
        &self,
        admission: Admission,
        outcome: Outcome,
        cause: Option<&Cause<'_>>,
    ) {
        let _call = self.end_of_call();
        self.record_outcome(admission, outcome, cause);
    }

    /// Takes the configuration of the family.
    pub(crate) fn adopt(&self, config: &CircuitBreakerConfig) {
        self.replace(config);
    }

    /// Tells the table that the circuit may be fresh before its time.
    pub(super) fn note_command(&self) {
        if let Some(usage) = self.usage() {
            usage.family().note_command();
        }
    }

    /// The moment from which the circuit decides as a new one does. `None` if only a call or a
    /// command can bring that about.
    ///
    /// A circuit that was reconfigured by hand, or that has listeners or futures that wait for it,
    /// differs from a new one.
    pub(crate) fn fresh_at(&self, now: u64) -> Option<u64> {
        let mut locked = self.lock();
        let Locked { machine, journal } = &mut *locked;
        if self.declarations.are_over() || journal.as_ref().is_some_and(|j| j.has_followers()) {
            return None;
        }
        self.take_over(machine);
        machine.fresh_at(&self.config, now)
    }
}
