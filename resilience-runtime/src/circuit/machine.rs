//! The decisions of a circuit. The machine is pure: it takes the time and the outcome of a call and
//! returns a decision.
//!
//! - `fleet` follows the decisions of other processes.
//! - `commands` moves the circuit by hand, and ends a command whose time is over.
//! - `view` reads the circuit at a moment and changes nothing.

mod commands;
mod fleet;
mod view;
use std::time::Duration;

use super::{
    active_config::ActiveConfig,
    admission::{LET_THROUGH, Outcome, Refused},
    command::CommandRecord,
    gate::{Gate, OpeningReason, State},
    gate_expiry::GateExpiry,
    in_force::InForce,
    open_time::{Opening, open_time},
    past::Past,
    probes::Probes,
    transition::{CircuitState, TransitionReason},
    window::{Window, WindowKinds},
};
use crate::{
    clock::{NEVER, remaining},
    events::CommandAction,
};

/// The generation of the call is over, so its outcome changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late;

/// The end of a call, as far as the machine decides by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    /// The call was slow, in a circuit that opens by the share of slow calls.
    pub(super) is_slow: bool,
    /// These are the inputs for the case that the circuit opens with the call.
    pub(super) opening: Opening,
}

/// The end of a question whether a call may be a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The call is a probe with this ticket.
    Admitted(u32),
    /// The call is refused.
    Refused,
    /// The circuit changed its state meanwhile, or decides alone: the call enters anew.
    EntersAnew,
}

/// The circuit obeys a command, so it follows nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Commanded;

/// A transition as the machine makes it.
///
/// It fits one register, because a failure would cost a tenth more if its answer went through
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateChange {
    pub(super) from: State,
    pub(super) to: State,
    pub(super) reason: TransitionReason,
    /// The circuit admits all calls before and after the change, so it reads closed all the time.
    /// The states are those that it would have otherwise.
    pub(super) is_computed: bool,
    pub(super) failures: u32,
}

/// The part of the statistics that the machine knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MachineStats {
    pub(super) state: CircuitState,
    pub(super) isolated: bool,
    pub(super) computed_state: CircuitState,
    pub(super) command: Option<CommandRecord>,
    pub(super) failures: u64,
    pub(super) failure_count: u32,
    pub(super) failure_threshold: Option<u32>,
    pub(super) failure_rate: Option<f64>,
    pub(super) slow_rate: Option<f64>,
    pub(super) retry_after: Option<Duration>,
    pub(super) time_in_state: Duration,
    pub(super) opened: u64,
    pub(super) half_opened: u64,
    pub(super) closed: u64,
}

#[derive(Debug)]
enum MachineState {
    Closed,
    Open {
        until: u64,
    },
    /// The slots are in a box, so that the many circuits that do not probe are small.
    HalfOpen(Box<Probes>),
    Isolated,
}

/// The state of a circuit. Every operation takes the configuration, because it may change between
/// two of them.
#[derive(Debug)]
pub(super) struct Machine {
    /// The state that decides, unless the circuit admits all calls.
    state: MachineState,
    /// The moment from which the circuit reads the state that it shows.
    since: u64,
    window: Window,
    /// The number of calls that failed since the circuit was made.
    failures: u64,
    /// One more after each change of state and each reset: outcomes of calls under way then lose
    /// their meaning.
    generation: u32,
    /// Why the circuit opened last.
    opened_because: TransitionReason,
    /// A circuit that is not enforced admits all calls.
    is_enforced: bool,
    past: Option<Box<Past>>,
}

impl Machine {
    pub(super) fn new(config: &ActiveConfig, now: u64) -> Self {
        Self {
            state: MachineState::Closed,
            since: now,
            window: Window::new(config),
            failures: 0,
            generation: 0,
            opened_because: TransitionReason::Command,
            is_enforced: true,
            past: None,
        }
    }

    /// Adapts to a changed `config`. The windows were of the kinds `before`. The state, a running
    /// open time and the counts stay.
    ///
    /// A window of another kind or length starts empty, so none of the `successes` so far lies in
    /// it.
    pub(super) fn reconfigured(
        &mut self,
        config: &ActiveConfig,
        before: WindowKinds,
        successes: u64,
    ) {
        self.window.reconfigure(config, before, successes);
    }

    /// The rate of failures within the window, for a circuit that opens by a rate.
    pub(super) fn failure_rate(&mut self, config: &ActiveConfig, now: u64) -> Option<f64> {
        self.window.rate(config, now)
    }

    /// Admits or refuses a call. The first call after `recovery_timeout` makes the circuit
    /// half-open. The ticket is [`LET_THROUGH`] for a call that passes only because the circuit
    /// admits all calls, and [`ASK`](super::admission::ASK) for one that has to ask other
    /// processes.
    pub(super) fn admit(
        &mut self,
        config: &ActiveConfig,
        now: u64,
    ) -> (Result<u32, Refused>, Option<StateChange>) {
        let change = match self.state {
            MachineState::Open { until } if now >= until => {
                let probes = MachineState::HalfOpen(Box::default());
                let change = self.enter(probes, config, TransitionReason::RecoveryElapsed, now);
                // The circuit has read half-open since then, and the call that comes now does not
                // begin that anew.
                self.shows_since(change, until);
                Some(change)
            }
            _ => None,
        };
        let lease = config.recovery_timeout();
        let limit = config.half_open_max_calls();
        let is_led = matches!(self.state, MachineState::HalfOpen(_)) && self.is_led(config);
        let ticket = match &mut self.state {
            MachineState::Closed => Some(0),
            MachineState::HalfOpen(probes) if is_led => probes.ask(now, limit, lease),
            MachineState::HalfOpen(probes) => probes.admit(now, limit, lease),
            MachineState::Open { .. } | MachineState::Isolated => None,
        };
        let ticket = ticket.or_else(|| self.admits_all().then_some(LET_THROUGH));
        (ticket.ok_or_else(|| self.refused(config, now)), change)
    }

    /// Takes the number of all `successes` so far. The driver calls this before every other
    /// operation but [`add_failure`](Self::add_failure), which changes no window that successes
    /// enter.
    ///
    /// The successes of a closed circuit are counted without the lock until
    /// [`gate_expiry`](Self::gate_expiry).
    pub(super) fn take_over(&mut self, successes: u64) {
        self.window.take_over(successes);
    }

    /// Takes the number of all `successes` when a generation has ended.
    ///
    /// Those that were not taken over before belong to the generation that ended. Where the window
    /// was emptied, they are lost with it.
    pub(super) fn end_generation(&mut self, successes: u64) {
        match self.state {
            MachineState::Closed => self.window.skip(successes),
            _ => self.window.take_over(successes),
        }
    }

    /// Records a failure of `generation`, a closed one, if it only adds a moment to the window, and
    /// returns true. It changes nothing else then.
    #[inline]
    pub(super) fn add_failure(&mut self, config: &ActiveConfig, generation: u32, now: u64) -> bool {
        // A command may be over, and then the circuit settles first.
        if generation != self.generation || self.has_command() {
            return false;
        }
        let is_added = self.window.add_failure(config, now);
        self.failures = self.failures.wrapping_add(is_added.into());
        is_added
    }

    /// Records the end of a call that was admitted in `generation` with `ticket`.
    ///
    /// If the slot of a probe was reclaimed, its outcome still counts in its generation. Otherwise
    /// a service that answers slower than `recovery_timeout` could never close its circuit. The
    /// outcome of a call that was let through enters the window, and decides nothing.
    #[inline]
    pub(super) fn record(
        &mut self,
        config: &ActiveConfig,
        generation: u32,
        ticket: u32,
        end: End,
        now: u64,
    ) -> Result<Option<StateChange>, Late> {
        if generation != self.generation {
            return Err(Late);
        }
        let over = match end.outcome {
            Outcome::Success => self.window.success(config, now, end.is_slow),
            Outcome::Failure => {
                self.failures = self.failures.wrapping_add(1);
                self.window.failure(config, now, end.is_slow)
            }
            Outcome::Ignored => None,
        };
        let change = match &mut self.state {
            MachineState::Closed => over.map(|reason| self.open(config, reason, end.opening, now)),
            MachineState::HalfOpen(_) if ticket == LET_THROUGH => None,
            MachineState::HalfOpen(probes) => {
                probes.give_back(ticket);
                match end.outcome {
                    Outcome::Success if probes.succeed() >= config.success_threshold() => {
                        Some(self.close(config, TransitionReason::ProbesSucceeded, now))
                    }
                    Outcome::Failure => {
                        Some(self.open(config, TransitionReason::ProbeFailed, end.opening, now))
                    }
                    Outcome::Success | Outcome::Ignored => None,
                }
            }
            // A call of their generation was let through.
            MachineState::Open { .. } | MachineState::Isolated => None,
        };
        Ok(change)
    }

    /// Frees the slot of a probe that ended without an outcome.
    pub(super) fn give_back(&mut self, generation: u32, ticket: u32) {
        if generation == self.generation {
            if let MachineState::HalfOpen(probes) = &mut self.state {
                probes.give_back(ticket);
            }
        }
    }

    #[cold]
    fn open(
        &mut self,
        config: &ActiveConfig,
        reason: TransitionReason,
        opening: Opening,
        now: u64,
    ) -> StateChange {
        let reopenings = self.count_reopening();
        let until = now.saturating_add(open_time(config, reopenings, opening));
        self.opened_because = reason;
        self.enter(MachineState::Open { until }, config, reason, now)
    }

    #[cold]
    fn close(&mut self, config: &ActiveConfig, reason: TransitionReason, now: u64) -> StateChange {
        self.window.clear();
        self.forget_reopenings();
        self.enter(MachineState::Closed, config, reason, now)
    }

    fn enter(
        &mut self,
        state: MachineState,
        config: &ActiveConfig,
        reason: TransitionReason,
        now: u64,
    ) -> StateChange {
        self.enter_from(self.shown(), state, config, reason, now)
    }

    /// Enters a state. The circuit showed the state `shown` before, which a command may have
    /// replaced already.
    fn enter_from(
        &mut self,
        shown: State,
        state: MachineState,
        config: &ActiveConfig,
        reason: TransitionReason,
        now: u64,
    ) -> StateChange {
        let before = self.state();
        self.state = state;
        self.generation = self.generation.wrapping_add(1);
        let shown_now = self.shown();
        let is_computed = shown == shown_now;
        let (from, to) = if is_computed {
            (before, self.state())
        } else {
            self.since = now;
            self.past().count(shown, shown_now);
            (shown, shown_now)
        };
        StateChange {
            from,
            to,
            reason,
            is_computed,
            failures: self.window.failures(config, now),
        }
    }

    fn past(&mut self) -> &mut Past {
        self.past.get_or_insert_default()
    }

    /// The command in force, or one whose time is over and that is not settled.
    #[inline]
    fn in_force(&self) -> Option<&InForce> {
        self.past.as_ref()?.in_force.as_deref()
    }

    fn take_command(&mut self) -> Option<Box<InForce>> {
        self.past.as_mut()?.in_force.take()
    }

    /// Counts an opening if it is one from half-open, and returns the number of those since the
    /// circuit was closed last.
    fn count_reopening(&mut self) -> u32 {
        let is_reopening = self.state() == State::HalfOpen;
        let past = self.past();
        past.reopenings = past.reopenings.saturating_add(is_reopening.into());
        past.reopenings
    }

    fn forget_reopenings(&mut self) {
        if let Some(past) = &mut self.past {
            past.reopenings = 0;
        }
    }

    /// Corrects the moment from which the circuit reads the state of the change.
    fn shows_since(&mut self, change: StateChange, moment: u64) {
        if !change.is_computed {
            self.since = moment;
        }
    }

    fn state(&self) -> State {
        match self.state {
            MachineState::Closed => State::Closed,
            MachineState::Open { .. } => State::Open,
            MachineState::HalfOpen { .. } => State::HalfOpen,
            MachineState::Isolated => State::Isolated,
        }
    }

    /// True if the circuit refuses no call, as far as its commands are settled.
    #[inline]
    fn admits_all(&self) -> bool {
        !self.is_enforced || self.is_allowed()
    }

    #[inline]
    fn is_allowed(&self) -> bool {
        let in_force = self.in_force();
        in_force.is_some_and(|command| command.action() == CommandAction::Allow)
    }

    /// The state that the circuit shows, as far as its commands are settled.
    fn shown(&self) -> State {
        if self.admits_all() {
            State::Closed
        } else {
            self.state()
        }
    }

    /// The end of the command in force.
    fn command_ends_at(&self) -> u64 {
        self.in_force().map_or(NEVER, |command| command.until)
    }

    #[inline]
    pub(super) fn gate(&self, config: &ActiveConfig) -> Gate {
        let gate = Gate::new(self.generation, self.state(), config);
        match self.state {
            MachineState::Closed => gate.in_row(self.window.is_in_row()),
            _ => gate
                .opened_because(self.opened_because)
                .admitting_all(self.admits_all()),
        }
    }

    #[inline]
    pub(super) fn gate_expiry(&self, config: &ActiveConfig) -> GateExpiry {
        match self.state {
            MachineState::Closed => GateExpiry::counts_until(self.window.turns_at(config)),
            _ => self.expiry_of_refusals(config),
        }
    }

    /// It is out of line, because each failure of a closed circuit would pay for its length.
    #[cold]
    fn expiry_of_refusals(&self, config: &ActiveConfig) -> GateExpiry {
        // The end of a command changes the answer of the gate, too.
        let moment = self.admits_at(config).min(self.command_ends_at());
        match self.state {
            MachineState::HalfOpen(_) => GateExpiry::probes_taken_until(moment),
            MachineState::Isolated => GateExpiry::isolated_until(moment),
            MachineState::Closed | MachineState::Open { .. } => GateExpiry::open_until(moment),
        }
    }

    /// No call is admitted before this moment, unless a probe ends: 0 if the next call is admitted
    /// at once.
    fn admits_at(&self, config: &ActiveConfig) -> u64 {
        match &self.state {
            MachineState::Closed => 0,
            MachineState::Open { until } => *until,
            MachineState::HalfOpen(probes) => {
                probes.admits_at(config.half_open_max_calls(), config.recovery_timeout())
            }
            MachineState::Isolated => self.command_ends_at(),
        }
    }

    /// The refusal of a call at `now`, for a circuit that refuses calls.
    fn refused(&self, config: &ActiveConfig, now: u64) -> Refused {
        // A half-open circuit does not know when a probe ends.
        let wait = match self.state {
            MachineState::HalfOpen(_) => 0,
            _ => remaining(self.admits_at(config), now),
        };
        Refused::new(self.state(), OpeningReason::of(self.opened_because), wait)
    }
}

#[cfg(test)]
mod tests;
