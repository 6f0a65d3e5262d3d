//! The decisions of a circuit breaker. Pure: time and outcome in, decision out.

use std::time::Duration;

use super::{
    config::CircuitBreakerConfig,
    gate::{Gate, Status},
    probes::Probes,
    transition::{CircuitState, Transition},
    window::Window,
};
use crate::clock::{NEVER, nanos, wait};

/// What a call that was admitted turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Success,
    Failure,
    Ignored,
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It passes, as a probe with this ticket if the circuit is half-open.
    Admitted { ticket: u32 },
    /// It does not; `None` while isolated.
    Refused { retry_after: Option<Duration> },
}

/// Whether a verdict reached the stay it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Counted,
    Late,
}

/// What statistics show of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    pub(super) state: CircuitState,
    pub(super) failure_count: u32,
    pub(super) failure_rate: Option<f64>,
    pub(super) retry_after: Option<Duration>,
    pub(super) time_in_state: Duration,
    pub(super) opened: u64,
    pub(super) half_opened: u64,
    pub(super) closed: u64,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open {
        until: u64,
    },
    /// Boxed, so that the many circuits that do not probe are small.
    HalfOpen(Box<Probes>),
    Isolated,
}

/// A circuit's state. Every operation takes the configuration that the circuit was made with.
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    since: u64,
    window: Window,
    /// Counts the stays: one more whenever verdicts under way lose their meaning.
    generation: u32,
    opened: u32,
    half_opened: u32,
    closed: u32,
}

impl Machine {
    pub(super) fn new(config: &CircuitBreakerConfig, now: u64) -> Self {
        Self {
            phase: Phase::Closed,
            since: now,
            window: Window::new(config),
            generation: 0,
            opened: 0,
            half_opened: 0,
            closed: 0,
        }
    }

    /// Lets a call pass or not. The first call after `recovery_timeout` makes the circuit half-open.
    pub(super) fn admit(&mut self, config: &CircuitBreakerConfig, now: u64) -> (Admission, Option<Transition>) {
        let transition = match self.phase {
            Phase::Open { until } if now >= until => {
                self.half_opened = self.half_opened.saturating_add(1);
                let probes = Box::default();
                let transition = self.enter(Phase::HalfOpen(probes), config, now);
                // It has read half-open since then; the call that comes now does not make it younger.
                self.since = until;
                Some(transition)
            }
            _ => None,
        };
        let lease = nanos(config.get_recovery_timeout());
        let limit = config.get_half_open_max_calls();
        let ticket = match &mut self.phase {
            Phase::Closed => Some(0),
            Phase::HalfOpen(probes) => probes.admit(now, limit, lease),
            Phase::Open { .. } | Phase::Isolated => None,
        };
        let admission = match ticket {
            Some(ticket) => Admission::Admitted { ticket },
            None => Admission::Refused { retry_after: self.retry_after(config, now) },
        };
        (admission, transition)
    }

    /// Takes the verdict on a call that was admitted in `generation` with `ticket`.
    ///
    /// A probe whose slot was reclaimed still speaks for its generation: otherwise a service that answers slower than
    /// `recovery_timeout` could never close its circuit.
    pub(super) fn settle(
        &mut self,
        config: &CircuitBreakerConfig,
        generation: u32,
        ticket: u32,
        mark: Mark,
        now: u64,
    ) -> (Settled, Option<Transition>) {
        if generation != self.generation {
            return (Settled::Late, None);
        }
        match mark {
            Mark::Success => self.window.success(now),
            Mark::Failure => self.window.failure(config, now),
            Mark::Ignored => {}
        }
        let mut recovered = false;
        let mut relapsed = false;
        if let Phase::HalfOpen(probes) = &mut self.phase {
            probes.give_back(ticket);
            match mark {
                Mark::Success => {
                    recovered = probes.succeed() >= config.get_success_threshold();
                }
                Mark::Failure => relapsed = true,
                Mark::Ignored => {}
            }
        }
        let tripped = mark == Mark::Failure && matches!(self.phase, Phase::Closed) && self.window.is_over(config, now);
        let transition = if tripped || relapsed {
            Some(self.open(config, now))
        } else if recovered {
            Some(self.close(config, now))
        } else {
            None
        };
        (Settled::Counted, transition)
    }

    /// Frees the slot of a probe that ended without a verdict.
    pub(super) fn give_back(&mut self, generation: u32, ticket: u32) {
        if generation == self.generation {
            if let Phase::HalfOpen(probes) = &mut self.phase {
                probes.give_back(ticket);
            }
        }
    }

    /// Opens. An open circuit starts its `recovery_timeout` anew, which is no transition.
    pub(super) fn trip(&mut self, config: &CircuitBreakerConfig, now: u64) -> Option<Transition> {
        if let Phase::Open { until } = &mut self.phase {
            if now >= *until {
                // It read half-open by now, so this is open anew.
                self.since = now;
            }
            *until = now.saturating_add(nanos(config.get_recovery_timeout()));
            return None;
        }
        Some(self.open(config, now))
    }

    /// Opens until told otherwise.
    pub(super) fn isolate(&mut self, config: &CircuitBreakerConfig, now: u64) -> Option<Transition> {
        if let Phase::Isolated = self.phase {
            return None;
        }
        self.opened = self.opened.saturating_add(u32::from(self.status() != Status::Open));
        Some(self.enter(Phase::Isolated, config, now))
    }

    /// Closes with an empty window. Calls under way are late then, in a closed circuit too.
    pub(super) fn reset(&mut self, config: &CircuitBreakerConfig, now: u64) -> Option<Transition> {
        if let Phase::Closed = self.phase {
            self.window.clear();
            self.generation = self.generation.wrapping_add(1);
            return None;
        }
        Some(self.close(config, now))
    }

    fn open(&mut self, config: &CircuitBreakerConfig, now: u64) -> Transition {
        let timeout = config.get_recovery_timeout();
        let until = now.saturating_add(nanos(timeout));
        self.opened = self.opened.saturating_add(u32::from(self.status() != Status::Isolated));
        let mut transition = self.enter(Phase::Open { until }, config, now);
        transition.retry_after = Some(timeout);
        transition
    }

    fn close(&mut self, config: &CircuitBreakerConfig, now: u64) -> Transition {
        self.window.clear();
        self.closed = self.closed.saturating_add(1);
        self.enter(Phase::Closed, config, now)
    }

    fn enter(&mut self, phase: Phase, config: &CircuitBreakerConfig, now: u64) -> Transition {
        let from = self.status().into();
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
        self.since = now;
        Transition { from, to: self.status().into(), failures: self.window.failures(config, now), retry_after: None }
    }

    fn status(&self) -> Status {
        match self.phase {
            Phase::Closed => Status::Closed,
            Phase::Open { .. } => Status::Open,
            Phase::HalfOpen { .. } => Status::HalfOpen,
            Phase::Isolated => Status::Isolated,
        }
    }

    pub(super) fn gate(&self, config: &CircuitBreakerConfig) -> Gate {
        Gate::new(self.generation, self.status(), config)
    }

    /// Before this moment no call passes, unless a probe makes room: 0 if the next one does at once.
    pub(super) fn admits_at(&self, config: &CircuitBreakerConfig) -> u64 {
        match &self.phase {
            Phase::Closed => 0,
            Phase::Open { until } => *until,
            Phase::HalfOpen(probes) => {
                probes.admits_at(config.get_half_open_max_calls(), nanos(config.get_recovery_timeout()))
            }
            Phase::Isolated => NEVER,
        }
    }

    fn retry_after(&self, config: &CircuitBreakerConfig, now: u64) -> Option<Duration> {
        let moment = self.admits_at(config);
        (self.status() != Status::Isolated && moment > now).then(|| wait(moment, now))
    }

    /// The state as the next call would meet it: an open circuit is half-open from the moment it will probe.
    pub(super) fn view(&mut self, config: &CircuitBreakerConfig, now: u64) -> View {
        let (state, since) = match self.phase {
            Phase::Open { until } if now >= until => (CircuitState::HalfOpen, until),
            _ => (self.status().into(), self.since),
        };
        View {
            state,
            failure_count: self.window.failures(config, now),
            failure_rate: self.window.rate(config, now),
            retry_after: self.retry_after(config, now),
            time_in_state: Duration::from_nanos(now.saturating_sub(since)),
            opened: self.opened.into(),
            half_opened: self.half_opened.into(),
            closed: self.closed.into(),
        }
    }
}

#[cfg(test)]
mod tests;
