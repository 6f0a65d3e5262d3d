//! A command of the reference.

use std::time::Duration;

use resilience::TransitionReason;

use super::phase::Phase;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Trip,
    Isolate,
    Allow,
}

/// The command in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command {
    pub(super) kind: CommandKind,
    /// `None` is never.
    pub(super) until: Option<Duration>,
    /// The phase that the command took the place of, and why the circuit had opened.
    pub(super) before: Option<(Phase, TransitionReason)>,
}
