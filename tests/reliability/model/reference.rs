//! A circuit breaker that is slow and obviously right: it forgets nothing and computes every answer
//! from its history.

mod books;
mod call;
mod calls;
mod command;
mod commands;
mod options;
mod phase;
mod transitions;
mod windows;

use std::time::Duration;

use resilience::{
    CircuitState::{self, HalfOpen},
    TransitionReason,
};

pub(crate) use self::{
    books::Books,
    call::{Call, End},
    command::CommandKind,
    options::{OpensAt, Options},
};
use self::{
    books::Step,
    command::Command,
    phase::{Kind, Phase},
};

#[derive(Clone, Debug)]
pub(crate) struct Reference {
    options: Options,
    now: Duration,
    phase: Phase,
    since: Duration,
    /// Outcomes of calls from an earlier stay are late.
    stay: u64,
    /// Every outcome since the window of failures was last emptied: when, and whether it was a
    /// failure.
    history: Vec<(Duration, bool)>,
    /// Every outcome since the window of slow calls was last emptied: when, and whether it was
    /// slow.
    slow_history: Vec<(Duration, bool)>,
    /// The openings from half-open since the circuit was closed.
    reopenings: u32,
    /// The error that opened it last was shown.
    has_error: bool,
    /// The calls that hold a probe slot, in the order of their admission.
    probes: Vec<Call>,
    successes_in_a_row: u32,
    admitted: u64,
    opened_because: TransitionReason,
    command: Option<Command>,
    is_enforced: bool,
    /// The open time that has just begun, without the time that the circuit draws.
    undrawn: Option<Duration>,
    pub(crate) books: Books,
    pub(crate) steps: Vec<Step>,
}

impl Reference {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            now: Duration::ZERO,
            phase: Phase::Closed,
            since: Duration::ZERO,
            stay: 0,
            history: Vec::new(),
            slow_history: Vec::new(),
            reopenings: 0,
            has_error: false,
            probes: Vec::new(),
            successes_in_a_row: 0,
            admitted: 0,
            opened_because: TransitionReason::Command,
            command: None,
            is_enforced: true,
            undrawn: None,
            books: Books::default(),
            steps: Vec::new(),
        }
    }

    /// The number of failures that opens the circuit.
    pub(crate) fn failure_threshold(&self) -> Option<u32> {
        self.options.limit()
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.now += time;
    }

    fn admits_all(&self) -> bool {
        let command = self.command.map(|command| command.kind);
        !self.is_enforced || command == Some(CommandKind::Allow)
    }

    /// The phase that the circuit shows.
    fn shown(&self) -> Kind {
        if self.admits_all() {
            Kind::Closed
        } else {
            self.phase.kind()
        }
    }

    pub(crate) fn state(&self) -> CircuitState {
        self.shown().state()
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.shown() == Kind::Isolated
    }

    /// The state without the command and if the circuit were enforced.
    pub(crate) fn computed_state(&self) -> CircuitState {
        match self.command.and_then(|command| command.before) {
            Some((Phase::Open(until), _)) if self.is_due(until) => HalfOpen,
            Some((phase, _)) => phase.kind().state(),
            None => self.phase.kind().state(),
        }
    }

    /// The command in force.
    pub(crate) fn command(&self) -> Option<CommandKind> {
        self.command.map(|command| command.kind)
    }

    pub(crate) fn time_in_state(&self) -> Duration {
        self.now - self.since
    }

    /// Returns the time until a call is admitted, if it would not be now and not for ever.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.shown_wait().filter(|_| !self.admits_all())
    }

    fn shown_wait(&self) -> Option<Duration> {
        let moment = match self.phase {
            Phase::Closed => return None,
            Phase::Isolated => Some(self.command.and_then(|command| command.until)?),
            Phase::Open(until) => until,
            Phase::HalfOpen if self.probes.len() < self.options.half_open_max_calls => return None,
            Phase::HalfOpen => {
                let reclaimed_at = self.recovery_after(self.probes[0].admitted);
                let is_taken = reclaimed_at.is_none_or(|moment| moment > self.now);
                return is_taken.then_some(Duration::ZERO);
            }
        };
        match moment {
            None => Some(Duration::MAX),
            Some(moment) => moment.checked_sub(self.now).filter(|wait| !wait.is_zero()),
        }
    }
}
