//! The circuit at a moment: its state by then, and its statistics. Nothing changes with it.

use std::time::Duration;

use super::{Machine, MachineState, MachineStats};
use crate::{
    circuit::{
        active_config::ActiveConfig,
        admission::Refused,
        gate::State,
        in_force::{InForce, OwnState, Replaced},
        past::Past,
        transition::CircuitState,
    },
    clock::{NEVER, remaining, span},
};

impl Machine {
    /// The command that the circuit obeys at `now`.
    fn obeys(&self, now: u64) -> Option<&InForce> {
        self.in_force().filter(|command| !command.is_over(now))
    }

    /// True if the isolation of the circuit is over and no call has come since.
    fn is_isolation_over(&self, now: u64) -> bool {
        let is_over = |command: &InForce| command.is_over(now);
        matches!(self.state, MachineState::Isolated) && self.in_force().is_some_and(is_over)
    }

    /// The state that decides at `now`, and since when if it began by itself: an open circuit reads
    /// half-open as soon as a call would probe, and an isolated one closed after its isolation.
    pub(super) fn state_at(&self, now: u64) -> (State, Option<u64>) {
        match self.state {
            MachineState::Open { until } if now >= until => (State::HalfOpen, Some(until)),
            MachineState::Isolated if self.is_isolation_over(now) => {
                (State::Closed, Some(self.command_ends_at()))
            }
            _ => (self.state(), None),
        }
    }

    /// The state that the next call at `now` would meet, and since when.
    pub(super) fn shown_at(&self, now: u64) -> (State, u64) {
        let allow = self.in_force().filter(|_| self.is_allowed());
        let is_allowed = allow.is_some_and(|allow| !allow.is_over(now));
        if is_allowed || !self.is_enforced {
            return (State::Closed, self.since);
        }
        match (self.state_at(now), allow) {
            ((State::Closed, None), _) => (State::Closed, self.since),
            ((state, began), Some(ended)) => (state, began.unwrap_or(0).max(ended.until)),
            ((state, began), None) => (state, began.unwrap_or(self.since)),
        }
    }

    /// The state to which the circuit came by its own decisions.
    pub(super) fn own_state(&self) -> OwnState {
        match self.state {
            MachineState::Closed | MachineState::Isolated => OwnState::Closed,
            MachineState::Open { until } => OwnState::Open { until },
            MachineState::HalfOpen(_) => OwnState::HalfOpen,
        }
    }

    /// The state that a command took the place of, until the command is settled.
    pub(super) fn replaced(&self) -> Option<Replaced> {
        self.in_force()?.replaced
    }

    /// The state that the circuit would show at `now` by its own decisions alone.
    fn computed_state(&self, now: u64) -> CircuitState {
        let replaced = self.obeys(now).and_then(|command| command.replaced);
        let own = replaced.map_or_else(|| self.own_state(), |replaced| replaced.state);
        match own {
            OwnState::Closed => CircuitState::Closed,
            OwnState::Open { until } if now < until => CircuitState::Open,
            OwnState::Open { .. } | OwnState::HalfOpen => CircuitState::HalfOpen,
        }
    }

    /// The moment at which the circuit will read `wanted`, if no call and no command comes before.
    pub(crate) fn reads_at(&self, wanted: CircuitState, now: u64) -> Option<u64> {
        let open_until = match self.state {
            MachineState::Open { until } => until,
            _ => NEVER,
        };
        let ends_at = self.command_ends_at();
        let moments = [ends_at.min(open_until), ends_at.max(open_until)];
        moments
            .into_iter()
            .filter(|moment| *moment > now && *moment != NEVER)
            .find(|moment| CircuitState::from(self.shown_at(*moment).0) == wanted)
    }

    /// The refusal that a call would meet at `now`, unless a probe decides over it.
    pub(crate) fn refusal(&self, config: &ActiveConfig, now: u64) -> Option<Refused> {
        let state = self.shown_at(now).0;
        matches!(state, State::Open | State::Isolated).then(|| self.refused(config, now))
    }

    /// The time from `now` until the circuit takes a call. `None` if it does not refuse, if a probe
    /// has to end first, and while it is isolated without an end.
    pub(crate) fn refuses_for(&self, now: u64) -> Option<Duration> {
        let until = match self.state {
            MachineState::Open { until } => until,
            MachineState::Isolated if self.command_ends_at() != NEVER => self.command_ends_at(),
            _ => return None,
        };
        Some(span(remaining(until, now)))
    }

    /// The moment from which the machine decides as a new one does. `None` if only a call or a
    /// command can bring that about.
    ///
    /// A circuit that is allowed together with its family equals a new one, because that is
    /// allowed, too.
    pub(crate) fn fresh_at(&mut self, config: &ActiveConfig, now: u64) -> Option<u64> {
        let not_before = match self.in_force() {
            Some(command) if matches!(self.state, MachineState::Isolated) => {
                return Some(command.until).filter(|until| *until != NEVER);
            }
            Some(command) if !(command.to_family && self.is_allowed()) => command.until,
            _ => 0,
        };
        match self.state {
            MachineState::Closed => {
                let fresh_at = self.window.fresh_at(config, now).max(not_before);
                Some(fresh_at).filter(|at| *at != NEVER)
            }
            _ => None,
        }
    }

    /// The statistics at `now`. The state is the one that the next call would meet.
    pub(crate) fn stats(&mut self, config: &ActiveConfig, now: u64) -> MachineStats {
        let (state, since) = self.shown_at(now);
        let command = self.obeys(now).map(|command| command.record.clone());
        let refuses = match state {
            State::Closed => false,
            // The probes that were under way hold no slot when the command is settled.
            State::HalfOpen if self.is_allowed() => false,
            _ => self.admits_at(config) > now,
        };
        // The window is emptied with the next call.
        let is_emptied = self.is_isolation_over(now);
        let failure_rate = self.window.rate(config, now).filter(|_| !is_emptied);
        let slow_rate = self.window.slow_rate(config, now).filter(|_| !is_emptied);
        let failure_count = self.window.failures(config, now);
        let times = |count: fn(&Past) -> u32| self.past.as_deref().map_or(0, count).into();
        MachineStats {
            state: state.into(),
            isolated: state == State::Isolated,
            computed_state: self.computed_state(now),
            command,
            failures: self.failures,
            failure_count: if is_emptied { 0 } else { failure_count },
            failure_threshold: config.failure_threshold(),
            failure_rate,
            slow_rate,
            retry_after: refuses
                .then(|| self.refused(config, now))
                .and_then(Refused::retry_after),
            time_in_state: Duration::from_nanos(now.saturating_sub(since)),
            opened: times(|past| past.opened),
            half_opened: times(|past| past.half_opened),
            closed: times(|past| past.closed),
        }
    }
}
