//! The command that a circuit obeys, until another one comes or its time is over.

use super::{
    command::{CommandRecord, GivenCommand},
    transition::TransitionReason,
};
use crate::{clock::NEVER, events::CommandAction};

/// The command in force. It is in a box, because few circuits obey one.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) record: CommandRecord,
    /// The command was given to the whole family of the circuit.
    pub(super) to_family: bool,
    /// The moment at which it ends by itself, or [`NEVER`].
    pub(super) until: u64,
    /// The state that `trip` or `isolate` took the place of. `allow` takes no state away.
    pub(super) replaced: Option<Replaced>,
}

/// The state that a command took the place of, and why the circuit had opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Replaced {
    pub(super) state: OwnState,
    pub(super) opened_because: TransitionReason,
}

/// A state to which the circuit came by its own decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnState {
    Closed,
    Open { until: u64 },
    HalfOpen,
}

impl InForce {
    /// The command, which ends by itself at `until`.
    pub(super) fn new(given: &GivenCommand, until: u64, replaced: Option<Replaced>) -> Self {
        Self {
            record: given.record(until),
            to_family: given.to_family,
            until,
            replaced,
        }
    }

    pub(super) fn is_over(&self, now: u64) -> bool {
        now >= self.until && self.until != NEVER
    }

    pub(super) fn action(&self) -> CommandAction {
        self.record.action
    }
}
