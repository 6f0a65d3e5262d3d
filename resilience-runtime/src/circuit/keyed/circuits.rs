//! The circuits of a family by key.

use super::stats::Calls;
use crate::{
    circuit::breaker::CircuitBreaker,
    keyed::{self, KeyedMap, KeyedValue, Standing},
};

pub(super) type Circuits = KeyedMap<CircuitBreaker>;
pub(super) type Changes = keyed::Changes<CircuitBreaker>;
pub(super) type Entry = keyed::Entry<CircuitBreaker>;

/// The state that the circuits of a family have in common.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// Circuits of new keys are isolated.
    pub(super) is_isolated: bool,
    pub(super) overflow: Option<CircuitBreaker>,
    /// The calls of the circuits that were forgotten.
    pub(super) calls_of_evicted: Calls,
}

impl KeyedValue for CircuitBreaker {
    type Common = Common;

    fn standing(&self, now: u64) -> Option<Standing> {
        let circuit = self.shared();
        // A circuit without a usage is none of a family.
        let usage = circuit.usage()?;
        Some(Standing {
            is_in_use: usage.has_permits(),
            idle_since: usage.idle_since(),
            fresh_at: circuit.fresh_at(now),
        })
    }

    fn note_eviction(&self, common: &mut Common) {
        common.calls_of_evicted.add(&self.stats());
    }
}

impl Changes {
    /// The handles of all circuits, so that nothing is done with them under the lock.
    pub(super) fn handles(&self) -> Vec<CircuitBreaker> {
        let entries = self.entries().into_iter();
        entries.map(|entry| entry.value.clone()).collect()
    }

    pub(super) fn handles_and_overflow(&self) -> Vec<CircuitBreaker> {
        let mut handles = self.handles();
        handles.extend(self.common.overflow.clone());
        handles
    }
}
