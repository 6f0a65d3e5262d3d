//! A circuit tells of its state and its statistics.

use std::sync::atomic::Ordering;

use super::Shared;
use crate::{
    circuit::{
        error::CircuitOpen,
        gate::State,
        machine::{Machine, MachineStats},
        sharded_counter::Count,
        stats::CircuitBreakerStats,
        transition::CircuitState,
    },
    clock,
};

impl Shared {
    pub(crate) fn state(&self) -> CircuitState {
        match self.gate().state() {
            State::Closed => CircuitState::Closed,
            // The machine answers under the lock, because the gate and its expiry, read one after
            // the other, may show a state that never was.
            _ => self.machine_stats().state,
        }
    }

    fn machine_stats(&self) -> MachineStats {
        let now = clock::now();
        self.stats_of(&mut self.lock().machine, now)
    }

    /// The statistics of the machine, for a caller that has the lock.
    pub(super) fn stats_of(&self, machine: &mut Machine, now: u64) -> MachineStats {
        self.take_over(machine);
        machine.stats(&self.config, now)
    }

    pub(crate) fn stats(&self) -> CircuitBreakerStats {
        let machine_stats = self.machine_stats();
        CircuitBreakerStats {
            name: String::from(&*self.name),
            key: self.name.key().map(String::from),
            state: machine_stats.state,
            isolated: machine_stats.isolated,
            computed_state: machine_stats.computed_state,
            command: machine_stats.command,
            failure_count: machine_stats.failure_count,
            failure_threshold: machine_stats.failure_threshold,
            failure_rate: machine_stats.failure_rate,
            slow_rate: machine_stats.slow_rate,
            last_error: self.last_error(),
            successes: self.sum(Count::Success),
            failures: machine_stats.failures,
            ignored: self.ignored.load(Ordering::Relaxed),
            refused: self.sum(Count::Refused),
            would_refuse: self.would_refuse(),
            abandoned: self.abandoned.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            opened: machine_stats.opened,
            half_opened: machine_stats.half_opened,
            closed: machine_stats.closed,
            time_in_state: machine_stats.time_in_state,
            retry_after: machine_stats.retry_after,
            fleet: self.fleet_view(),
            declared_at: self.declared_at,
        }
    }

    /// The refusal that a call would meet now and for a known time. There is none of a half-open
    /// circuit, because a probe may end at any moment.
    #[cold]
    pub(crate) fn refusal(&self) -> Option<CircuitOpen> {
        if self.gate().state() == State::Closed {
            return None;
        }
        let now = clock::now();
        let refused = self.lock().machine.refusal(&self.config, now)?;
        Some(CircuitOpen::new(self.name.clone(), refused))
    }
}
