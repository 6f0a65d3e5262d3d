//! The circuits of a family by key.

use super::stats::Calls;
use crate::{
    circuit::{breaker::CircuitBreaker, command::GivenCommand},
    events::CommandAction,
    keyed::{self, KeyedMap, KeyedValue, Standing},
};

pub(super) type Circuits = KeyedMap<CircuitBreaker>;
pub(super) type Changes = keyed::Changes<CircuitBreaker>;
pub(super) type Entry = keyed::Entry<CircuitBreaker>;

/// The state that the circuits of a family have in common.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// The latest command for the family, if circuits of new keys begin under it.
    pub(super) command: Option<GivenCommand>,
    /// The circuits are not enforced.
    pub(super) admits_all: bool,
    pub(super) overflow: Option<CircuitBreaker>,
    /// The calls of the circuits that were forgotten.
    pub(super) calls_of_evicted: Calls,
}

impl Common {
    /// The command under which the circuit of a new key begins.
    pub(super) fn command_in_force(&self, now: u64) -> Option<&GivenCommand> {
        let command = self.command.as_ref()?;
        Some(command).filter(|given| given.ends_at().is_none_or(|end| now < end))
    }

    /// True if circuits of new keys are isolated.
    pub(super) fn isolates_new(&self, now: u64) -> bool {
        let in_force = self.command_in_force(now);
        in_force.is_some_and(|given| given.action == CommandAction::Isolate)
    }
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
