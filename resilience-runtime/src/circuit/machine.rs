//! The decisions of a circuit. The machine is pure: it takes the time and the outcome of a call and
//! returns a decision.

use std::time::Duration;

use super::{
    active_config::ActiveConfig,
    admission::{Outcome, Refused},
    gate::{Gate, State},
    gate_expiry::GateExpiry,
    open_time::{Opening, open_time},
    probes::Probes,
    transition::{CircuitState, TransitionReason},
    window::{Window, WindowKinds},
};
use crate::clock::{NEVER, remaining, span};

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

/// A transition as the machine makes it.
///
/// It fits one register, because a failure would cost a tenth more if its answer went through
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateChange {
    pub(super) from: State,
    pub(super) to: State,
    pub(super) reason: TransitionReason,
    pub(super) failures: u32,
}

/// The part of the statistics that the machine knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MachineStats {
    pub(super) state: CircuitState,
    pub(super) isolated: bool,
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
    state: MachineState,
    /// The moment from which the statistics show this state.
    since: u64,
    /// The nanoseconds from the latest opening until a call probes, as the configuration was then.
    open_for: u64,
    window: Window,
    /// The number of calls that failed since the circuit was made.
    failures: u64,
    /// One more after each change of state and each reset: outcomes of calls under way then lose
    /// their meaning.
    generation: u32,
    /// Why the circuit opened last.
    opened_because: TransitionReason,
    /// The openings from half-open since the circuit was closed last. The open time grows by them.
    reopenings: u32,
    opened: u32,
    half_opened: u32,
    closed: u32,
}

impl Machine {
    pub(super) fn new(config: &ActiveConfig, now: u64) -> Self {
        Self {
            state: MachineState::Closed,
            since: now,
            open_for: 0,
            window: Window::new(config),
            failures: 0,
            generation: 0,
            opened_because: TransitionReason::Command,
            reopenings: 0,
            opened: 0,
            half_opened: 0,
            closed: 0,
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

    /// The time from the latest opening until a call probes.
    pub(super) fn open_for(&self) -> Duration {
        span(self.open_for)
    }

    /// Admits or refuses a call. The first call after `recovery_timeout` makes the circuit
    /// half-open.
    pub(super) fn admit(
        &mut self,
        config: &ActiveConfig,
        now: u64,
    ) -> (Result<u32, Refused>, Option<StateChange>) {
        let change = match self.state {
            MachineState::Open { until } if now >= until => {
                self.half_opened = self.half_opened.saturating_add(1);
                let probes = Box::default();
                let reason = TransitionReason::RecoveryElapsed;
                let change = self.enter(MachineState::HalfOpen(probes), config, reason, now);
                // The circuit has read half-open since then, and the call that comes now does not
                // begin that anew.
                self.since = until;
                Some(change)
            }
            _ => None,
        };
        let lease = config.recovery_timeout();
        let limit = config.half_open_max_calls();
        let ticket = match &mut self.state {
            MachineState::Closed => Some(0),
            MachineState::HalfOpen(probes) => probes.admit(now, limit, lease),
            MachineState::Open { .. } | MachineState::Isolated => None,
        };
        (ticket.ok_or_else(|| self.refused(config, now)), change)
    }

    /// Takes the number of all `successes` so far. The driver calls this before every other
    /// operation.
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

    /// Records the end of a call that was admitted in `generation` with `ticket`.
    ///
    /// If the slot of a probe was reclaimed, its outcome still counts in its generation. Otherwise
    /// a service that answers slower than `recovery_timeout` could never close its circuit.
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
            // These two admit no call, so no call of their generation is under way.
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

    /// Opens the circuit. An open one starts its open time anew. That is no transition.
    pub(super) fn trip(
        &mut self,
        config: &ActiveConfig,
        opening: Opening,
        now: u64,
    ) -> Option<StateChange> {
        if let MachineState::Open { until } = &mut self.state {
            if now >= *until {
                // The circuit reads half-open by now, so it begins to be open.
                self.since = now;
            }
            *until = now.saturating_add(open_time(config, self.reopenings, opening));
            self.opened_because = TransitionReason::Command;
            return None;
        }
        Some(self.open(config, TransitionReason::Command, opening, now))
    }

    /// Opens the circuit until a command says otherwise.
    pub(super) fn isolate(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        if let MachineState::Isolated = self.state {
            return None;
        }
        self.opened = self
            .opened
            .saturating_add(u32::from(self.state() != State::Open));
        self.opened_because = TransitionReason::Command;
        Some(self.enter(
            MachineState::Isolated,
            config,
            TransitionReason::Command,
            now,
        ))
    }

    /// Closes the circuit with an empty window. Calls under way are late then, those of a closed
    /// circuit too.
    pub(super) fn reset(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        if let MachineState::Closed = self.state {
            self.window.clear();
            self.generation = self.generation.wrapping_add(1);
            return None;
        }
        Some(self.close(config, TransitionReason::Command, now))
    }

    #[cold]
    fn open(
        &mut self,
        config: &ActiveConfig,
        reason: TransitionReason,
        opening: Opening,
        now: u64,
    ) -> StateChange {
        let is_reopening = self.state() == State::HalfOpen;
        self.reopenings = self.reopenings.saturating_add(is_reopening.into());
        self.open_for = open_time(config, self.reopenings, opening);
        let until = now.saturating_add(self.open_for);
        self.opened = self
            .opened
            .saturating_add(u32::from(self.state() != State::Isolated));
        self.opened_because = reason;
        self.enter(MachineState::Open { until }, config, reason, now)
    }

    #[cold]
    fn close(&mut self, config: &ActiveConfig, reason: TransitionReason, now: u64) -> StateChange {
        self.window.clear();
        self.reopenings = 0;
        self.closed = self.closed.saturating_add(1);
        self.enter(MachineState::Closed, config, reason, now)
    }

    fn enter(
        &mut self,
        state: MachineState,
        config: &ActiveConfig,
        reason: TransitionReason,
        now: u64,
    ) -> StateChange {
        let from = self.state();
        self.state = state;
        self.generation = self.generation.wrapping_add(1);
        self.since = now;
        StateChange {
            from,
            to: self.state(),
            reason,
            failures: self.window.failures(config, now),
        }
    }

    /// The moment from which the machine decides as a new one does. `None` if only a call or a
    /// command can bring that about.
    pub(super) fn fresh_at(&mut self, config: &ActiveConfig, now: u64) -> Option<u64> {
        match self.state {
            MachineState::Closed => {
                Some(self.window.fresh_at(config, now)).filter(|at| *at != NEVER)
            }
            _ => None,
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

    #[inline]
    pub(super) fn gate(&self, config: &ActiveConfig) -> Gate {
        let gate = Gate::new(self.generation, self.state(), config);
        match self.state {
            MachineState::Closed => gate.in_row(self.window.is_in_row()),
            _ => gate.opened_because(self.opened_because),
        }
    }

    #[inline]
    pub(super) fn gate_expiry(&self, config: &ActiveConfig) -> GateExpiry {
        match self.state {
            MachineState::Closed => GateExpiry::counts_until(self.window.turns_at(config)),
            MachineState::Open { until } => GateExpiry::open_until(until),
            MachineState::HalfOpen(_) => GateExpiry::probes_taken_until(self.admits_at(config)),
            MachineState::Isolated => GateExpiry::open_until(NEVER),
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
            MachineState::Isolated => NEVER,
        }
    }

    /// The refusal of a call at `now`, for a circuit that refuses calls.
    fn refused(&self, config: &ActiveConfig, now: u64) -> Refused {
        Refused {
            state: self.state(),
            reason: self.opened_because,
            wait: remaining(self.admits_at(config), now),
        }
    }

    /// The statistics at `now`. The state is the one that the next call would meet: an open circuit
    /// reads half-open as soon as a call would probe.
    pub(super) fn stats(&mut self, config: &ActiveConfig, now: u64) -> MachineStats {
        let (state, since) = match self.state {
            MachineState::Open { until } if now >= until => (CircuitState::HalfOpen, until),
            _ => (self.state().into(), self.since),
        };
        MachineStats {
            state,
            isolated: matches!(self.state, MachineState::Isolated),
            failures: self.failures,
            failure_count: self.window.failures(config, now),
            failure_threshold: config.failure_threshold(),
            failure_rate: self.window.rate(config, now),
            slow_rate: self.window.slow_rate(config, now),
            retry_after: (self.admits_at(config) > now)
                .then(|| self.refused(config, now))
                .and_then(Refused::retry_after),
            time_in_state: Duration::from_nanos(now.saturating_sub(since)),
            opened: self.opened.into(),
            half_opened: self.half_opened.into(),
            closed: self.closed.into(),
        }
    }
}

#[cfg(test)]
mod tests;
