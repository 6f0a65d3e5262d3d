//! What the handles of one circuit share: the lock and the clock around the machine, and the gate in front of it.

use std::{
    num::NonZeroU64,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::PoisonError,
    thread,
    time::Duration,
};

use super::{
    config::CircuitBreakerConfig,
    counter::{Count, Tally},
    error::CircuitOpen,
    gate::{Gate, Status},
    listener::Listeners,
    log,
    machine::{Admission, Machine, Mark, Settled, View},
    name::Name,
    pass::Pass,
    permit::Permit,
    stats::CircuitBreakerStats,
    transition::{CircuitState, Transition},
};
use crate::{
    clock::{self, NEVER, nanos, wait},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    unwind::discard,
};

#[derive(Debug)]
pub(super) struct Shared {
    tally: Tally,
    /// Written under the machine's lock only. Plain calls read nothing else.
    gate: AtomicU64,
    /// Before this moment calls are refused without the lock; [`Machine::admits_at`].
    admits_at: AtomicU64,
    pub(super) config: CircuitBreakerConfig,
    pub(super) name: Name,
    pub(super) declared_at: &'static Location<'static>,
    machine: Mutex<Machine>,
    pub(super) listeners: Listeners,
    clash_reported: AtomicBool,
}

impl Shared {
    pub(super) fn new(name: Name, config: CircuitBreakerConfig, declared_at: &'static Location<'static>) -> Self {
        let machine = Machine::new(&config, clock::now());
        Self {
            tally: Tally::new(),
            gate: AtomicU64::new(machine.gate(&config).bits()),
            admits_at: AtomicU64::new(machine.admits_at(&config)),
            config,
            name,
            declared_at,
            machine: Mutex::new(machine),
            listeners: Listeners::default(),
            clash_reported: AtomicBool::new(false),
        }
    }

    #[inline]
    fn gate(&self) -> Gate {
        Gate::from_bits(self.gate.load(Ordering::Acquire))
    }

    #[inline]
    pub(super) fn admit(&self) -> Result<Permit<'_>, CircuitOpen> {
        let gate = self.gate();
        if gate.is_plain() {
            return Ok(Permit::new(self, Pass::plain(gate)));
        }
        match self.decide(gate) {
            Ok(pass) => Ok(Permit::new(self, pass)),
            // Made here, where it can be written straight to where the caller wants it.
            Err(retry_after) => Err(CircuitOpen::new(self.name.clone(), retry_after)),
        }
    }

    #[inline(never)]
    fn decide(&self, gate: Gate) -> Result<Pass, Option<Duration>> {
        let decision = self.pass_or_wait(gate);
        if decision.is_err() {
            self.tally.add(Count::Refused);
        }
        decision
    }

    /// Whether a call passes; if not, when to come back.
    #[inline]
    fn pass_or_wait(&self, gate: Gate) -> Result<Pass, Option<Duration>> {
        if gate.status() == Status::Isolated {
            return Err(None);
        }
        if gate.status() == Status::Closed && !gate.is_timed() {
            return Ok(Pass::plain(gate));
        }
        let now = clock::now();
        let (gate, ticket) = if gate.status() == Status::Closed {
            (gate, 0)
        } else {
            // As new as the gate or newer, and a newer one is what the machine would answer. Only NEVER is left to the
            // machine: it knows a circuit that has just been isolated from one that never recovers.
            let admits_at = self.admits_at.load(Ordering::Relaxed);
            if now < admits_at && admits_at != NEVER {
                return Err(Some(wait(admits_at, now)));
            }
            self.ask_machine(now)?
        };
        let started = NonZeroU64::new(now).filter(|_| gate.is_timed());
        Ok(Pass::new(gate, ticket, started))
    }

    #[inline(never)]
    fn ask_machine(&self, now: u64) -> Result<(Gate, u32), Option<Duration>> {
        let ((admission, gate), transition) = self.step(|machine| {
            let (admission, transition) = machine.admit(&self.config, now);
            ((admission, machine.gate(&self.config)), transition)
        });
        if let Some(transition) = transition {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.announce(&transition))) {
                // This call will not run, and nobody else knows of its slot.
                if let Admission::Admitted { ticket } = admission {
                    self.abandon(Pass::new(gate, ticket, None));
                }
                resume_unwind(panic);
            }
        }
        match admission {
            Admission::Admitted { ticket } => Ok((gate, ticket)),
            Admission::Refused { retry_after } => Err(retry_after),
        }
    }

    #[inline]
    pub(super) fn succeed(&self, pass: Pass) {
        let gate = pass.gate();
        if gate.is_plain() && gate == self.gate() {
            self.tally.add(Count::Success);
        } else {
            self.settle(pass, Mark::Success);
        }
    }

    #[inline(never)]
    pub(super) fn settle(&self, pass: Pass, mark: Mark) {
        // The generation never comes back, so this needs no lock.
        if pass.gate() != self.gate() {
            return self.tally.add(Count::Late);
        }
        let mark = if self.is_slow(pass) { Mark::Failure } else { mark };
        let count = match mark {
            Mark::Success => Count::Success,
            Mark::Failure => Count::Failure,
            Mark::Ignored => Count::Ignored,
        };
        let changes_nothing = pass.gate().status() == Status::Closed
            && match mark {
                Mark::Success => !pass.gate().is_rated(),
                Mark::Failure => false,
                Mark::Ignored => true,
            };
        if changes_nothing {
            return self.tally.add(count);
        }
        let generation = pass.gate().generation();
        let now = clock::now();
        self.change(|machine| {
            let (settled, transition) = machine.settle(&self.config, generation, pass.ticket(), mark, now);
            // Before the transition is told: who hears of it finds the call in the statistics.
            self.tally.add(match settled {
                Settled::Counted => count,
                Settled::Late => Count::Late,
            });
            ((), transition)
        });
    }

    fn is_slow(&self, pass: Pass) -> bool {
        match (pass.started(), self.config.get_slow_call()) {
            (Some(started), Some(limit)) => clock::now().saturating_sub(started.get()) > nanos(limit),
            _ => false,
        }
    }

    /// A permit was dropped without a verdict.
    #[cold]
    pub(super) fn lapse(&self, pass: Pass) {
        if pass.is_unwinding() {
            self.settle(pass, Mark::Failure);
        } else {
            self.abandon(pass);
        }
    }

    #[cold]
    pub(super) fn abandon(&self, pass: Pass) {
        self.tally.add(Count::Abandoned);
        if pass.gate().status() == Status::HalfOpen && pass.gate() == self.gate() {
            self.change(|machine| {
                machine.give_back(pass.gate().generation(), pass.ticket());
                ((), None)
            });
        }
    }

    #[cold]
    pub(super) fn trip(&self) {
        let now = clock::now();
        self.change(|machine| ((), machine.trip(&self.config, now)));
    }

    #[cold]
    pub(super) fn isolate(&self) {
        let now = clock::now();
        self.change(|machine| ((), machine.isolate(&self.config, now)));
    }

    #[cold]
    pub(super) fn reset(&self) {
        let now = clock::now();
        self.change(|machine| ((), machine.reset(&self.config, now)));
    }

    /// Changes the machine, and tells of it after the lock.
    fn change<R>(&self, step: impl FnOnce(&mut Machine) -> (R, Option<Transition>)) -> R {
        let (result, transition) = self.step(step);
        if let Some(transition) = transition {
            self.announce(&transition);
        }
        result
    }

    /// The only way to the machine that changes it: publishes the result.
    fn step<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        let mut machine = self.machine();
        let changed = step(&mut machine);
        self.publish(&machine);
        changed
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        // A panic under the lock leaves a machine that is still whole.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores only what differs: every plain call reads this cache line.
    fn publish(&self, machine: &Machine) {
        let admits_at = machine.admits_at(&self.config);
        if self.admits_at.load(Ordering::Relaxed) != admits_at {
            self.admits_at.store(admits_at, Ordering::Relaxed);
        }
        let gate = machine.gate(&self.config).bits();
        if self.gate.load(Ordering::Relaxed) != gate {
            self.gate.store(gate, Ordering::Release);
        }
    }

    /// A subscriber that panics does so to the caller, once the listeners are told; but not into a call that unwinds
    /// already, which would end the process.
    #[cold]
    fn announce(&self, transition: &Transition) {
        let logged = catch_unwind(AssertUnwindSafe(|| log::transition(&self.name, transition)));
        let told = catch_unwind(AssertUnwindSafe(|| self.listeners.tell(&self.name, transition)));
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

    pub(super) fn state(&self) -> CircuitState {
        match self.gate().status() {
            Status::Closed => CircuitState::Closed,
            // The lock, because gate and `admits_at` read one by one may show a state that never was.
            _ => self.view().state,
        }
    }

    fn view(&self) -> View {
        let now = clock::now();
        self.machine().view(&self.config, now)
    }

    pub(super) fn stats(&self) -> CircuitBreakerStats {
        let view = self.view();
        let sum = |count| self.tally.sum(count);
        CircuitBreakerStats {
            name: String::from(&*self.name),
            state: view.state,
            failure_count: view.failure_count,
            failure_threshold: self.config.get_failure_threshold(),
            failure_rate: view.failure_rate,
            successes: sum(Count::Success),
            failures: sum(Count::Failure),
            ignored: sum(Count::Ignored),
            refused: sum(Count::Refused),
            abandoned: sum(Count::Abandoned),
            late: sum(Count::Late),
            opened: view.opened,
            half_opened: view.half_opened,
            closed: view.closed,
            time_in_state: view.time_in_state,
            retry_after: view.retry_after,
            declared_at: Some(self.declared_at),
        }
    }

    /// Reports, once, that the name is also used with another configuration.
    pub(super) fn check(&self, config: &CircuitBreakerConfig, place: &Location<'_>) {
        if self.config != *config && !self.clash_reported.swap(true, Ordering::Relaxed) {
            log::clash(&self.name, self.declared_at, &self.config, place, config);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CircuitBreaker, sync::Arc};

    #[test]
    fn a_circuit_takes_at_most_512_bytes() {
        // What `Arc` allocates beside its content are two counters.
        let handle = size_of::<[usize; 2]>() + size_of::<Shared>();
        let total = handle + Tally::ALLOCATED;
        assert!(total <= 512, "{total}");
        assert_eq!(size_of::<CircuitBreaker>(), size_of::<Arc<Shared>>());
    }
}
