//! The decisions of a circuit breaker. Pure: time and outcome in, decision out.

use std::time::Duration;

use super::{
    active_config::ActiveConfig,
    admission::{Outcome, Refused},
    config::Criterion,
    gate::{Gate, State},
    gate_expiry::GateExpiry,
    probes::Probes,
    transition::{CircuitState, TransitionReason},
    window::Window,
};
use crate::clock::{NEVER, remaining, span};

/// The generation in which the call was admitted is over, so its outcome changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late;

/// A transition as the machine makes it. Two words with the answer it comes with, which so fits registers: through
/// memory it would cost each failure a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateChange {
    pub(super) from: State,
    pub(super) to: State,
    pub(super) reason: TransitionReason,
    pub(super) failures: u32,
}

/// What statistics show of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    pub(super) state: CircuitState,
    pub(super) isolated: bool,
    pub(super) failures: u64,
    pub(super) failure_count: u32,
    pub(super) failure_threshold: Option<u32>,
    pub(super) failure_rate: Option<f64>,
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
    /// Boxed, so that the many circuits that do not probe are small.
    HalfOpen(Box<Probes>),
    Isolated,
}

/// A circuit's state. Every operation takes the configuration of the circuit, which may have changed since the last one.
#[derive(Debug)]
pub(super) struct Machine {
    state: MachineState,
    since: u64,
    /// The nanoseconds from the latest opening until a call probes, as the configuration was then.
    open_for: u64,
    window: Window,
    /// Of all time.
    failures: u64,
    /// Counts the stays: one more whenever verdicts under way lose their meaning.
    generation: u32,
    /// Why the circuit opened last.
    opened_because: TransitionReason,
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
            opened: 0,
            half_opened: 0,
            closed: 0,
        }
    }

    /// Hears that `config` was changed from a configuration with that `window`. The state, its running open time and the
    /// counts stay.
    ///
    /// A window whose length or criterion is another starts empty, so nothing of the `successes` so far lies in it.
    pub(super) fn reconfigured(&mut self, config: &ActiveConfig, window: u64, successes: u64) {
        if config.failure_window() == window && self.window.fits(config) {
            self.window.limit(config);
        } else {
            self.window = Window::new(config);
            self.window.skip(successes);
        }
    }

    /// How long the circuit refused, or refuses, after its latest opening.
    pub(super) fn open_for(&self) -> Duration {
        span(self.open_for)
    }

    /// Lets a call admission or not. The first call after `recovery_timeout` makes the circuit half-open.
    pub(super) fn admit(
        &mut self,
        config: &ActiveConfig,
        now: u64,
    ) -> (Result<u32, Refused>, Option<StateChange>) {
        let step = match self.state {
            MachineState::Open { until } if now >= until => {
                self.half_opened = self.half_opened.saturating_add(1);
                let probes = Box::default();
                let reason = TransitionReason::RecoveryElapsed;
                let step = self.enter(MachineState::HalfOpen(probes), config, reason, now);
                // It has read half-open since then; the call that comes now does not make it younger.
                self.since = until;
                Some(step)
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
        (ticket.ok_or_else(|| self.refused(config, now)), step)
    }

    /// Hears of all `successes` so far, of which the driver tells before anything else: a closed circuit's are counted
    /// outside, until [`due`](Self::due).
    pub(super) fn take_over(&mut self, successes: u64) {
        self.window.take_over(successes);
    }

    /// Hears of all `successes` when a generation has ended. What it had not taken over is of before that, and gone where
    /// the window was emptied.
    pub(super) fn end_generation(&mut self, successes: u64) {
        match self.state {
            MachineState::Closed => self.window.skip(successes),
            _ => self.window.take_over(successes),
        }
    }

    /// Takes the verdict on a call that was admitted in `generation` with `ticket`.
    ///
    /// A probe whose slot was reclaimed still speaks for its generation: otherwise a service that answers slower than
    /// `recovery_timeout` could never close its circuit.
    #[inline]
    pub(super) fn record(
        &mut self,
        config: &ActiveConfig,
        generation: u32,
        ticket: u32,
        outcome: Outcome,
        now: u64,
    ) -> Result<Option<StateChange>, Late> {
        if generation != self.generation {
            return Err(Late);
        }
        let over = match outcome {
            Outcome::Success => {
                self.window.success(config, now);
                false
            }
            Outcome::Failure => {
                self.failures = self.failures.wrapping_add(1);
                self.window.failure(config, now)
            }
            Outcome::Ignored => false,
        };
        let step = match &mut self.state {
            MachineState::Closed => over.then(|| {
                let reason = match config.criterion() {
                    Criterion::Count(_) => TransitionReason::Failures,
                    Criterion::Rate(_) => TransitionReason::Rate,
                };
                self.open(config, reason, now)
            }),
            MachineState::HalfOpen(probes) => {
                probes.give_back(ticket);
                match outcome {
                    Outcome::Success if probes.succeed() >= config.success_threshold() => {
                        Some(self.close(config, TransitionReason::ProbesSucceeded, now))
                    }
                    Outcome::Failure => Some(self.open(config, TransitionReason::ProbeFailed, now)),
                    Outcome::Success | Outcome::Ignored => None,
                }
            }
            // No call is under way there that was admitted in this generation.
            MachineState::Open { .. } | MachineState::Isolated => None,
        };
        Ok(step)
    }

    /// Frees the slot of a probe that ended without a verdict.
    pub(super) fn give_back(&mut self, generation: u32, ticket: u32) {
        if generation == self.generation {
            if let MachineState::HalfOpen(probes) = &mut self.state {
                probes.give_back(ticket);
            }
        }
    }

    /// Opens. An open circuit starts its `recovery_timeout` anew, which is no transition.
    pub(super) fn trip(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        if let MachineState::Open { until } = &mut self.state {
            if now >= *until {
                // It read half-open by now, so this is open anew.
                self.since = now;
            }
            *until = now.saturating_add(config.recovery_timeout());
            self.opened_because = TransitionReason::Command;
            return None;
        }
        Some(self.open(config, TransitionReason::Command, now))
    }

    /// Opens until told otherwise.
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

    /// Closes with an empty window. Calls under way are late then, in a closed circuit too.
    pub(super) fn reset(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        if let MachineState::Closed = self.state {
            self.window.clear();
            self.generation = self.generation.wrapping_add(1);
            return None;
        }
        Some(self.close(config, TransitionReason::Command, now))
    }

    #[cold]
    fn open(&mut self, config: &ActiveConfig, reason: TransitionReason, now: u64) -> StateChange {
        self.open_for = config.recovery_timeout();
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

    fn state(&self) -> State {
        match self.state {
            MachineState::Closed => State::Closed,
            MachineState::Open { .. } => State::Open,
            MachineState::HalfOpen { .. } => State::HalfOpen,
            MachineState::Isolated => State::Isolated,
        }
    }

    pub(super) fn gate(&self, config: &ActiveConfig) -> Gate {
        let gate = Gate::new(self.generation, self.state(), config);
        match self.state {
            MachineState::Closed => gate,
            _ => gate.opened_because(self.opened_because),
        }
    }

    #[inline]
    pub(super) fn due(&self, config: &ActiveConfig) -> GateExpiry {
        match self.state {
            MachineState::Closed => GateExpiry::counts_until(self.window.turns_at(config)),
            MachineState::Open { until } => GateExpiry::open_until(until),
            MachineState::HalfOpen(_) => GateExpiry::probes_taken_until(self.admits_at(config)),
            MachineState::Isolated => GateExpiry::open_until(NEVER),
        }
    }

    /// Before this moment no call passes, unless a probe makes room: 0 if the next one does at once.
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

    /// The refusal of a call at `now`, when calls are refused.
    fn refused(&self, config: &ActiveConfig, now: u64) -> Refused {
        Refused {
            state: self.state(),
            reason: self.opened_because,
            wait: remaining(self.admits_at(config), now),
        }
    }

    /// The state as the next call would meet it: an open circuit is half-open from the moment it will probe.
    pub(super) fn view(&mut self, config: &ActiveConfig, now: u64) -> View {
        let (state, since) = match self.state {
            MachineState::Open { until } if now >= until => (CircuitState::HalfOpen, until),
            _ => (self.state().into(), self.since),
        };
        View {
            state,
            isolated: matches!(self.state, MachineState::Isolated),
            failures: self.failures,
            failure_count: self.window.failures(config, now),
            failure_threshold: config.failure_threshold(),
            failure_rate: self.window.rate(config, now),
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
