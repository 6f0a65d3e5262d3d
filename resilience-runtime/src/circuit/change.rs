//! A change of a circuit's state, as the journal tells it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    command::CommandRecord,
    transition::{CircuitState, TransitionReason},
};
use crate::events::CommandAction;

/// A change of state, with the facts of that moment.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: SystemTime,
    pub(super) generation: u32,
    pub(super) from: CircuitState,
    pub(super) to: CircuitState,
    /// `to` is an isolation.
    pub(super) isolated: bool,
    /// The circuit admits all calls, so it only would have gone from one state to the other. This
    /// is logged, and nobody else is told of it.
    pub(super) is_computed: bool,
    pub(super) reason: TransitionReason,
    pub(super) failures: u32,
    pub(super) failure_rate: Option<f64>,
    pub(super) retry_after: Option<Duration>,
    /// It is added when the lock is released, because the text is made by the user's code.
    pub(super) last_error: Option<Arc<str>>,
    /// The command that made the change, or that ended with it.
    pub(super) command: Option<CommandRecord>,
    /// The subscribers are told of the command before the change.
    pub(super) tells_command: bool,
}

impl Entry {
    /// True if the circuit opens with the change. A circuit that is open after a command has ended
    /// opened before.
    pub(super) fn opens(&self) -> bool {
        let ended = self.reason == TransitionReason::Command && !self.is_commanded_to_open();
        self.to == CircuitState::Open && !ended
    }

    /// Adds the error of the call that made the change. No call makes the change of a command.
    pub(super) fn add_error(&mut self, error: Option<&Arc<str>>) {
        if self.reason != TransitionReason::Command {
            self.last_error = error.cloned();
        }
    }

    fn is_commanded_to_open(&self) -> bool {
        let opens = |command: &CommandRecord| {
            matches!(command.action, CommandAction::Trip | CommandAction::Isolate)
        };
        self.command.as_ref().is_some_and(opens)
    }
}
