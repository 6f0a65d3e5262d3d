//! The history of a circuit: its latest transitions.

use std::{sync::Arc, time::SystemTime};

use super::{
    command::CommandRecord,
    journal::{Entry, KEPT},
    transition::{CircuitState, TransitionReason},
};

/// A transition of the past, as [`registry::history`](crate::registry::history) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransitionRecord {
    /// The moment by the system's clock.
    pub at: SystemTime,
    /// The key of the circuit, for a name with `key`.
    pub key: Option<String>,
    /// The state that ended.
    pub from: CircuitState,
    /// The state that began.
    pub to: CircuitState,
    /// Why the state changed.
    pub reason: TransitionReason,
    /// The state that began is an isolation. `to` is `Open` then.
    pub isolated: bool,
    /// The text of the error that opened the circuit, where one did and can be shown.
    pub last_error: Option<Arc<str>>,
    /// The command that made the transition, or the command whose end made it. It is there for the
    /// reason [`Command`](TransitionReason::Command) only, and absent if `enforce` in the
    /// configuration file made the transition.
    pub command: Option<CommandRecord>,
}

/// The latest of the transitions of several circuits, the oldest first.
pub(super) fn latest(mut records: Vec<TransitionRecord>) -> Vec<TransitionRecord> {
    records.sort_by_key(|record| record.at);
    records.drain(..records.len().saturating_sub(KEPT));
    records
}

impl TransitionRecord {
    pub(super) fn new(entry: &Entry, key: Option<&str>) -> Self {
        Self {
            at: entry.at,
            key: key.map(String::from),
            from: entry.from,
            to: entry.to,
            reason: entry.reason,
            isolated: entry.isolated,
            last_error: entry.last_error.clone(),
            command: entry.command.clone(),
        }
    }
}
