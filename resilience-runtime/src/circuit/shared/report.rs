//! A circuit tells of its transitions, its state and its statistics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::Ordering,
    thread,
};

use super::Shared;
use crate::{
    circuit::{
        admission::Refused,
        error::CircuitOpen,
        gate::State,
        log,
        machine::{MachineStats, StateChange},
        sharded_counter::Count,
        stats::CircuitBreakerStats,
        transition::{CircuitState, Transition},
    },
    clock::{self, NEVER},
    unwind::discard,
};

impl Shared {
    /// Tells the log and the listeners of a change of state.
    ///
    /// A panic of a subscriber of the log reaches the caller after the listeners are told. It goes
    /// no further if the caller unwinds already, because a second panic would end the process.
    #[cold]
    pub(super) fn announce(&self, change: StateChange) {
        let transition = self.transition(change);
        let logged = catch_unwind(AssertUnwindSafe(|| log::transition(&transition)));
        let told = catch_unwind(AssertUnwindSafe(|| self.listeners.tell(&transition)));
        let panic = match (logged, told) {
            (Ok(()), Ok(())) => return,
            (Ok(()), Err(panic)) => panic,
            (Err(panic), told) => {
                discard(told);
                panic
            }
        };
        if thread::panicking() {
            discard(panic);
        } else {
            resume_unwind(panic);
        }
    }

    fn transition(&self, change: StateChange) -> Transition {
        let StateChange {
            from,
            to,
            reason,
            failures,
        } = change;
        Transition {
            name: String::from(&*self.name),
            key: self.name.key().map(String::from),
            from: from.into(),
            to: to.into(),
            reason,
            failures,
            retry_after: (to == State::Open).then(|| self.machine().open_for()),
            last_error: None,
        }
    }

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
        let mut machine = self.machine();
        self.take_over(&mut machine);
        machine.stats(&self.config, now)
    }

    pub(crate) fn stats(&self) -> CircuitBreakerStats {
        let machine_stats = self.machine_stats();
        CircuitBreakerStats {
            name: String::from(&*self.name),
            key: self.name.key().map(String::from),
            state: machine_stats.state,
            isolated: machine_stats.isolated,
            failure_count: machine_stats.failure_count,
            failure_threshold: machine_stats.failure_threshold,
            failure_rate: machine_stats.failure_rate,
            successes: self.sum(Count::Success),
            failures: machine_stats.failures,
            ignored: self.sum(Count::Ignored),
            refused: self.sum(Count::Refused),
            abandoned: self.abandoned.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            opened: machine_stats.opened,
            half_opened: machine_stats.half_opened,
            closed: machine_stats.closed,
            time_in_state: machine_stats.time_in_state,
            retry_after: machine_stats.retry_after,
            declared_at: self.declared_at,
        }
    }

    /// The refusal that a call would meet now and for a known time. There is none of a half-open
    /// circuit, because a probe may end at any moment.
    #[cold]
    pub(crate) fn refusal(&self) -> Option<CircuitOpen> {
        let gate = self.gate();
        let (state, wait) = match gate.state() {
            State::Closed => return None,
            State::Isolated => (State::Isolated, NEVER),
            State::Open | State::HalfOpen => {
                let machine_stats = self.machine_stats();
                let is_open = machine_stats.state == CircuitState::Open;
                let wait = machine_stats.retry_after.map_or(NEVER, clock::nanos);
                (is_open.then_some(State::Open)?, wait)
            }
        };
        let reason = gate.reason();
        let refused = Refused {
            state,
            reason,
            wait,
        };
        Some(CircuitOpen::new(self.name.clone(), refused))
    }
}
