//! The decisions of a circuit. The machine is pure: it takes the time and the outcome of a call and
//! returns a decision.
//!
//! - `answers` has the types of the questions to the machine and of its answers.
//! - `fleet` follows the decisions of other processes.
//! - `commands` moves the circuit by hand, and ends a command whose time is over.
//! - `gating` says how the gate in front of the machine stands, and until when.
//! - `view` reads the circuit at a moment and changes nothing.

mod answers;
mod commands;
mod fleet;
mod gating;
mod view;

pub(super) use answers::{Asked, Commanded, End, Late, MachineStats, StateChange};

use super::{
    active_config::ActiveConfig,
    admission::{LET_THROUGH, Outcome, Refused},
    gate::State,
    in_force::InForce,
    open_time::{Opening, open_time},
    past::Past,
    probes::Probes,
    transition::TransitionReason,
    window::{Window, WindowKinds},
};
use crate::{clock::NEVER, events::CommandAction};

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
}

#[cfg(test)]
mod tests;
