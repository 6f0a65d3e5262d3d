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
#[expect(
    clippy::struct_excessive_bools,
    reason = "the facts are independent of each other"
)]
pub(super) struct Entry {
    pub(super) at: SystemTime,
    pub(super) generation: u32,
    pub(super) from: CircuitState,
    pub(super) to: CircuitState,
    /// `from` is an isolation.
    pub(super) was_isolated: bool,
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
    /// True if the circuit opens with the change. A circuit that is open after a command has ended,
    /// or that the file enforces again, opened before.
    pub(super) fn opens(&self) -> bool {
        let is_shown_again = self.is_from_outside() && !self.is_commanded_to_open();
        self.to == CircuitState::Open && !is_shown_again
    }

    /// Adds the error of the call that made the change, if a call made it.
    pub(super) fn add_error(&mut self, error: Option<&Arc<str>>) {
        if !self.is_from_outside() {
            self.last_error = error.cloned();
        }
    }

    /// True if a command or the configuration file made the change.
    fn is_from_outside(&self) -> bool {
        matches!(
            self.reason,
            TransitionReason::Command | TransitionReason::Config
        )
    }

    fn is_commanded_to_open(&self) -> bool {
        let opens = |command: &CommandRecord| {
            matches!(command.action, CommandAction::Trip | CommandAction::Isolate)
        };
        self.command.as_ref().is_some_and(opens)
    }
}
