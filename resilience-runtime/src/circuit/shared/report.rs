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
        machine::{StateChange, View},
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
    /// A panic of a subscriber of the log reaches the caller after the listeners are told. It goes no further if the caller
    /// unwinds already, because a second panic would end the process.
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
            from: from.into(),
            to: to.into(),
            reason,
            failures,
            retry_after: (to == State::Open).then(|| self.machine().open_for()),
        }
    }

    pub(crate) fn state(&self) -> CircuitState {
        match self.gate().state() {
            State::Closed => CircuitState::Closed,
            // The machine answers under the lock, because the gate and its expiry, read one after the other, may show a
            // state that never was.
            _ => self.view().state,
        }
    }

    fn view(&self) -> View {
        let now = clock::now();
        let mut machine = self.machine();
        self.take_over(&mut machine);
        machine.view(&self.config, now)
    }

    pub(crate) fn stats(&self) -> CircuitBreakerStats {
        let view = self.view();
        CircuitBreakerStats {
            name: String::from(&*self.name),
            state: view.state,
            isolated: view.isolated,
            failure_count: view.failure_count,
            failure_threshold: view.failure_threshold,
            failure_rate: view.failure_rate,
            successes: self.sum(Count::Success),
            failures: view.failures,
            ignored: self.sum(Count::Ignored),
            refused: self.sum(Count::Refused),
            abandoned: self.abandoned.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            opened: view.opened,
            half_opened: view.half_opened,
            closed: view.closed,
            time_in_state: view.time_in_state,
            retry_after: view.retry_after,
            declared_at: self.declared_at,
        }
    }

    /// The refusal that a call would meet now and for a known time. There is none of a half-open circuit, because a probe
    /// may end at any moment.
    #[cold]
    pub(crate) fn refusal(&self) -> Option<CircuitOpen> {
        let gate = self.gate();
        let (state, wait) = match gate.state() {
            State::Closed => return None,
            State::Isolated => (State::Isolated, NEVER),
            State::Open | State::HalfOpen => {
                let view = self.view();
                let is_open = view.state == CircuitState::Open;
                let wait = view.retry_after.map_or(NEVER, clock::nanos);
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
