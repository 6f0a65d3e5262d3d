//! The history of a circuit: its latest transitions.

use std::{sync::Arc, time::SystemTime};

use super::{
    change::Entry,
    command::CommandRecord,
    transition::{CircuitState, TransitionReason},
};
use crate::events::CommandAction;

/// The number of changes that the history keeps.
pub(super) const KEPT: usize = 32;

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
    /// The state that ended was an isolation. `from` is `Open` then.
    pub was_isolated: bool,
    /// The state that began is an isolation. `to` is `Open` then.
    pub isolated: bool,
    /// The text of the error that opened the circuit, where one did and can be shown.
    pub last_error: Option<Arc<str>>,
    /// The command that made the transition, or the command whose end made it. It is there for the
    /// reason [`Command`](TransitionReason::Command) only.
    pub command: Option<CommandRecord>,
}

/// The latest of the transitions of several circuits, the oldest first.
// It is inlined, as are those who call it, because a program that does not ask compiles no sort.
#[inline]
pub(super) fn latest(mut records: Vec<TransitionRecord>) -> Vec<TransitionRecord> {
    records.sort_by_key(|record| record.at);
    records.drain(..records.len().saturating_sub(KEPT));
    records
}

impl TransitionRecord {
    pub(super) fn new(change: &PastChange, key: Option<&str>) -> Self {
        Self {
            at: change.at,
            key: key.map(String::from),
            from: change.from,
            to: change.to,
            reason: change.reason,
            was_isolated: change.was_isolated,
            isolated: change.isolated,
            last_error: change.last_error.clone(),
            command: change.command.as_ref().map(PastCommand::record),
        }
    }
}

/// A change as a circuit keeps it. Each circuit keeps 32 of them, so it has no room for the facts
/// that only the log and the subscribers are told.
#[derive(Debug)]
pub(super) struct PastChange {
    at: SystemTime,
    pub(super) generation: u32,
    from: CircuitState,
    to: CircuitState,
    was_isolated: bool,
    isolated: bool,
    reason: TransitionReason,
    pub(super) last_error: Option<Arc<str>>,
    command: Option<PastCommand>,
}

/// The command of a change. Its texts lie in a box, because few commands have any.
#[derive(Debug)]
struct PastCommand {
    action: CommandAction,
    until: Option<SystemTime>,
    words: Option<Box<CommandWords>>,
}

#[derive(Debug)]
struct CommandWords {
    reason: Option<Arc<str>>,
    by: Option<Arc<str>>,
}

impl PastChange {
    pub(super) fn new(entry: &Entry) -> Self {
        Self {
            at: entry.at,
            generation: entry.generation,
            from: entry.from,
            to: entry.to,
            was_isolated: entry.was_isolated,
            isolated: entry.isolated,
            reason: entry.reason,
            last_error: entry.last_error.clone(),
            command: entry.command.as_ref().map(PastCommand::new),
        }
    }
}

impl PastCommand {
    fn new(record: &CommandRecord) -> Self {
        let words = CommandWords {
            reason: record.reason.clone(),
            by: record.by.clone(),
        };
        let has_words = words.reason.is_some() || words.by.is_some();
        Self {
            action: record.action,
            until: record.until,
            words: has_words.then(|| Box::new(words)),
        }
    }

    fn record(&self) -> CommandRecord {
        let words = self.words.as_deref();
        CommandRecord {
            action: self.action,
            reason: words.and_then(|words| words.reason.clone()),
            by: words.and_then(|words| words.by.clone()),
            until: self.until,
        }
    }
}
