//! The history of a circuit: its latest transitions.

use std::{sync::Arc, time::SystemTime};

use super::{
    journal::{Entry, KEPT},
    transition::{CircuitState, TransitionReason},
};
use crate::events::CommandAction;

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
    /// The text of the error that opened the circuit, where one did and can be shown.
    pub last_error: Option<Arc<str>>,
    /// The command that made the transition, for the reason
    /// [`Command`](TransitionReason::Command).
    pub command: Option<CommandRecord>,
}

/// A command that moved a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandRecord {
    /// The command.
    pub action: CommandAction,
    /// The reason that the command gives, if it gives one.
    pub reason: Option<String>,
    /// The person or the program that gave the command, if the command says so.
    pub by: Option<String>,
    /// The moment at which the command ends by itself. It is `None` if it holds until another one.
    pub until: Option<SystemTime>,
}

/// The latest of the transitions of several circuits, the oldest first.
pub(super) fn latest(mut records: Vec<TransitionRecord>) -> Vec<TransitionRecord> {
    records.sort_by_key(|record| record.at);
    records.drain(..records.len().saturating_sub(KEPT));
    records
}

impl TransitionRecord {
    pub(super) fn new(entry: &Entry, key: Option<&str>) -> Self {
        let command = entry.command.map(|command| CommandRecord {
            action: command.action,
            reason: None,
            by: None,
            until: entry
                .retry_after
                .and_then(|open_for| entry.at.checked_add(open_for)),
        });
        Self {
            at: entry.at,
            key: key.map(String::from),
            from: entry.from,
            to: entry.to,
            reason: entry.reason,
            last_error: entry.last_error.clone(),
            command,
        }
    }
}
