//! What the handles of one circuit share: the lock and the clock around the machine, and the gate in front of it.

use std::{
    num::NonZeroU64,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::PoisonError,
    thread,
};

use super::{
    active_config::ActiveConfig,
    admission::{Admission, Outcome, Refused},
    config::CircuitBreakerConfig,
    declaration::{Declarations, EarlierConfigs, NewValue, is_same_line},
    error::CircuitOpen,
    gate::{Gate, State},
    gate_expiry::GateExpiry,
    listener::Listeners,
    log,
    machine::{Late, Machine, StateChange, View},
    name::Name,
    sharded_counter::{Count, CounterShard, SHARDS, ThreadShard},
    stats::CircuitBreakerStats,
    transition::{CircuitState, Transition},
};
use crate::{
    clock::{self, NEVER},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    unwind::discard,
};

/// In this order, because what different threads write with every call lies a cache line apart, and in between what is
/// seldom written: so it takes a third less than with a line for each.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Shared {
    /// Written under the machine's lock only. Plain calls read nothing else.
    gate: AtomicU64,
    /// [`GateExpiry`], written like the gate, and before it.
    due: AtomicU64,
    /// Attributes read it with every call, so it lies beside the gate.
    pub(super) is_removed: AtomicBool,
    declarations: Declarations,
    pub(super) declared_at: &'static Location<'static>,
    earlier_configs: EarlierConfigs,
    config: ActiveConfig,
    shard_0: CounterShard,
    machine: Mutex<Machine>,
    pub(super) name: Name,
    shard_1: CounterShard,
    pub(super) listeners: Listeners,
    abandoned: AtomicU64,
    late: AtomicU64,
    shard_2: CounterShard,
}

impl Shared {
    pub(super) fn new(
        name: Name,
        config: CircuitBreakerConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let config = ActiveConfig::new(&config);
        let machine = Machine::new(&config, clock::now());
        Self {
            gate: AtomicU64::new(machine.gate(&config).bits()),
            due: AtomicU64::new(machine.due(&config).bits()),
            is_removed: AtomicBool::new(false),
            declarations: Declarations::default(),
            declared_at,
            earlier_configs: EarlierConfigs::default(),
            config,
            shard_0: CounterShard::default(),
            machine: Mutex::new(machine),
            name,
            shard_1: CounterShard::default(),
            listeners: Listeners::default(),
            abandoned: AtomicU64::new(0),
            late: AtomicU64::new(0),
            shard_2: CounterShard::default(),
        }
    }

    #[inline]
    fn shard(&self, thread_shard: ThreadShard) -> &CounterShard {
        match thread_shard.shard {
            0 => &self.shard_0,
            1 => &self.shard_1,
            _ => &self.shard_2,
        }
    }

    #[inline]
    fn count_success(&self) {
        let thread_shard = ThreadShard::get();
        self.shard(thread_shard).succeed(thread_shard);
    }

    fn count(&self, count: Count) {
        self.shard(ThreadShard::get()).add(count);
    }

    fn shards(&self) -> impl Iterator<Item = &CounterShard> {
        [&self.shard_0, &self.shard_1, &self.shard_2]
            .into_iter()
            .take(SHARDS)
    }

    fn sum(&self, count: Count) -> u64 {
        self.shards()
            .map(|shard| shard.get(count))
            .fold(0, u64::wrapping_add)
    }

    #[inline]
    fn gate(&self) -> Gate {
        Gate::from_bits(self.gate.load(Ordering::Acquire))
    }

    #[inline]
    fn due(&self) -> GateExpiry {
        GateExpiry::from_bits(self.due.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn admit(&self) -> Result<Admission, CircuitOpen> {
        let gate = self.gate();
        if gate.is_plain() {
            return Ok(Admission::plain(gate));
        }
        match self.decide(gate) {
            Ok(admission) => Ok(admission),
            // Made here, where it can be written straight to where the caller wants it.
            Err(refused) => Err(CircuitOpen::new(self.name.clone(), refused)),
        }
    }

    /// The refusal that a call would meet now, if it is certain for a time: half-open, a probe may end at any moment.
    #[cold]
    pub(super) fn refusal(&self) -> Option<CircuitOpen> {
        let gate = self.gate();
        let reason = gate.reason();
        let refused = |state, wait| {
            let refused = Refused {
                state,
                reason,
                wait,
            };
            CircuitOpen::new(self.name.clone(), refused)
        };
        match gate.state() {
            State::Closed => None,
            State::Isolated => Some(refused(State::Isolated, NEVER)),
            State::Open | State::HalfOpen => {
                let view = self.view();
                let wait = view.retry_after.map_or(NEVER, clock::nanos);
                (view.state == CircuitState::Open).then(|| refused(State::Open, wait))
            }
        }
    }

    #[inline(never)]
    fn decide(&self, gate: Gate) -> Result<Admission, Refused> {
        let decision = self.pass_or_wait(gate);
        if decision.is_err() {
            self.count(Count::Refused);
        }
        decision
    }

    /// Whether a call passes; if not, why, and when to come back.
    #[inline]
    fn pass_or_wait(&self, gate: Gate) -> Result<Admission, Refused> {
        let reason = gate.reason();
        if gate.state() == State::Isolated {
            let (state, wait) = (State::Isolated, NEVER);
            return Err(Refused {
                state,
                reason,
                wait,
            });
        }
        if gate.state() == State::Closed && !gate.is_timed() {
            return Ok(Admission::plain(gate));
        }
        let now = clock::now();
        let (gate, ticket) = if gate.state() == State::Closed {
            (gate, 0)
        } else {
            // As new as the gate or newer, and a newer one is what the machine would answer.
            if let Some((state, wait)) = self.due().refuses(now) {
                return Err(Refused {
                    state,
                    reason,
                    wait,
                });
            }
            self.ask_machine(now)?
        };
        let started = NonZeroU64::new(now).filter(|_| gate.is_timed());
        Ok(Admission::new(gate, ticket, started))
    }

    #[inline(never)]
    fn ask_machine(&self, now: u64) -> Result<(Gate, u32), Refused> {
        let ((admission, gate), step) = self.locked(|machine| {
            let (admission, step) = machine.admit(&self.config, now);
            ((admission, machine.gate(&self.config)), step)
        });
        if let Some(step) = step {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.announce(step))) {
                // This call will not run, and nobody else knows of its slot.
                if let Ok(ticket) = admission {
                    self.abandon(Admission::new(gate, ticket, None));
                }
                resume_unwind(panic);
            }
        }
        Ok((gate, admission?))
    }

    #[inline]
    pub(super) fn succeed(&self, admission: Admission) {
        let gate = admission.gate();
        if gate.is_plain() && gate == self.gate() {
            self.count_success();
        } else {
            self.record(admission, Outcome::Success);
        }
    }

    #[inline(never)]
    pub(super) fn record(&self, admission: Admission, outcome: Outcome) {
        // Not the gate that the call passed: the circuit may have been reconfigured since then.
        let gate = self.gate();
        // The generation never comes back, so this needs no lock.
        if admission.gate().generation() != gate.generation() {
            return self.count_late();
        }
        let now = clock::now();
        let outcome = if self.is_slow(admission, now) {
            Outcome::Failure
        } else {
            outcome
        };
        if gate.state() == State::Closed {
            match outcome {
                Outcome::Success if !gate.is_rated() => return self.count_success(),
                // The window takes it over with the next look under the lock.
                Outcome::Success if self.due().counts(now) => {
                    let is_counted = self.shard(ThreadShard::get()).succeed_in(gate.generation());
                    if !is_counted {
                        self.count_late();
                    }
                    return;
                }
                Outcome::Ignored => return self.count(Count::Ignored),
                Outcome::Success | Outcome::Failure => {}
            }
        }
        self.change(|machine| {
            let recorded = machine.record(
                &self.config,
                gate.generation(),
                admission.ticket(),
                outcome,
                now,
            );
            // Before the transition is told: who hears of it finds the call in the statistics.
            match recorded {
                Ok(step) => {
                    self.count_outcome(outcome);
                    step
                }
                Err(Late) => {
                    self.count_late();
                    None
                }
            }
        });
    }

    fn count_outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.count_success(),
            Outcome::Ignored => self.count(Count::Ignored),
            // By the machine, under the lock that it needs anyway.
            Outcome::Failure => {}
        }
    }

    fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn is_slow(&self, admission: Admission, now: u64) -> bool {
        let Some(started) = admission.started() else {
            return false;
        };
        let limit = self.config.slow_call();
        limit != 0 && now.saturating_sub(started.get()) > limit
    }

    /// A permit was dropped without a verdict.
    #[cold]
    pub(super) fn dropped(&self, admission: Admission) {
        if admission.is_unwinding() {
            self.record(admission, Outcome::Failure);
        } else {
            self.abandon(admission);
        }
    }

    #[cold]
    pub(super) fn abandon(&self, admission: Admission) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        let gate = admission.gate();
        if gate.state() == State::HalfOpen && gate.generation() == self.gate().generation() {
            self.change(|machine| {
                machine.give_back(gate.generation(), admission.ticket());
                None
            });
        }
    }

    #[cold]
    pub(super) fn trip(&self) {
        let now = clock::now();
        self.change(|machine| machine.trip(&self.config, now));
    }

    #[cold]
    pub(super) fn isolate(&self) {
        let now = clock::now();
        self.change(|machine| machine.isolate(&self.config, now));
    }

    #[cold]
    pub(super) fn reset(&self) {
        let now = clock::now();
        self.change(|machine| machine.reset(&self.config, now));
    }

    /// Changes the machine, and tells of it after the lock.
    #[inline]
    fn change(&self, change: impl FnOnce(&mut Machine) -> Option<StateChange>) {
        if let Some(step) = self.locked(change) {
            self.announce(step);
        }
    }

    /// The only way to the machine that changes it: publishes the result.
    #[inline]
    fn locked<R>(&self, change: impl FnOnce(&mut Machine) -> R) -> R {
        let mut machine = self.machine();
        self.take_over(&mut machine);
        let changed = change(&mut machine);
        self.publish(&mut machine);
        changed
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        // A panic under the lock leaves a machine that is still whole.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before anything that looks at the window.
    fn take_over(&self, machine: &mut Machine) {
        if self.config.is_rated() {
            machine.take_over(self.sum(Count::Success));
        }
    }

    /// Stores only what differs: every plain call reads this cache line.
    fn publish(&self, machine: &mut Machine) {
        let gate = machine.gate(&self.config);
        let published = Gate::from_bits(self.gate.load(Ordering::Relaxed));
        if gate.is_rated() {
            let is_new_generation = published.generation() != gate.generation();
            if is_new_generation || !published.is_rated() {
                let begin = |shard: &CounterShard| shard.begin_generation(gate.generation());
                self.shards().for_each(begin);
            }
            if is_new_generation {
                machine.end_generation(self.sum(Count::Success));
            }
        }
        let due = machine.due(&self.config).bits();
        if self.due.load(Ordering::Relaxed) != due {
            self.due.store(due, Ordering::Relaxed);
        }
        if published != gate {
            self.gate.store(gate.bits(), Ordering::Release);
        }
    }

    /// A subscriber that panics does so to the caller, once the listeners are told; but not into a call that unwinds
    /// already, which would end the process.
    #[cold]
    fn announce(&self, step: StateChange) {
        let transition = self.transition(step);
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

    fn transition(&self, step: StateChange) -> Transition {
        let StateChange {
            from,
            to,
            reason,
            failures,
        } = step;
        Transition {
            name: String::from(&*self.name),
            from: from.into(),
            to: to.into(),
            reason,
            failures,
            retry_after: (to == State::Open).then(|| self.machine().open_for()),
        }
    }

    pub(super) fn state(&self) -> CircuitState {
        match self.gate().state() {
            State::Closed => CircuitState::Closed,
            // The lock, because gate and `due` read one by one may show a state that never was.
            _ => self.view().state,
        }
    }

    fn view(&self) -> View {
        let now = clock::now();
        let mut machine = self.machine();
        self.take_over(&mut machine);
        machine.view(&self.config, now)
    }

    pub(super) fn stats(&self) -> CircuitBreakerStats {
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

    pub(super) fn config(&self) -> CircuitBreakerConfig {
        // Under the lock, so that it is whole.
        let _machine = self.machine();
        self.config.load()
    }

    pub(super) fn reconfigure(&self, config: CircuitBreakerConfig) {
        self.declarations.end(&self.earlier_configs, || {
            self.replace(&config);
        });
        log::reconfigured(&self.name, &config);
    }

    /// Replaces the configuration and returns the one before.
    fn replace(&self, config: &CircuitBreakerConfig) -> CircuitBreakerConfig {
        self.locked(|machine| {
            let before = self.config.load();
            let window = self.config.failure_window();
            self.config.store(config);
            machine.reconfigured(&self.config, window, self.sum(Count::Success));
            before
        })
    }

    /// Compares the configuration that a call declares at `place` with the one that the circuit has.
    #[inline]
    pub(super) fn check(&self, config: &CircuitBreakerConfig, place: &Location<'_>) {
        if !self.config.is(config) {
            self.declare(config, place);
        }
    }

    /// The line of the circuit has another value, or another line has.
    #[inline(never)]
    fn declare(&self, config: &CircuitBreakerConfig, place: &Location<'_>) {
        if !is_same_line(self.declared_at, place) {
            if self.declarations.clash() {
                log::clash(&self.name, self.declared_at, &self.config(), place, config);
            }
            return;
        }
        let is_active = |config: &CircuitBreakerConfig| self.config.is(config);
        let take = |config: &CircuitBreakerConfig| self.replace(config);
        let decided = self
            .declarations
            .decide(&self.earlier_configs, config, is_active, take);
        match decided {
            NewValue::Ignored => {}
            NewValue::Taken => log::reconfigured(&self.name, config),
            NewValue::TakesTurns => {
                log::takes_turns(&self.name, self.declared_at, &self.config(), config);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::{CircuitBreaker, sync::Arc};

    #[test]
    fn a_circuit_is_small_and_has_one_allocation() {
        // What `Arc` allocates beside its content are two counters, padded to the alignment.
        let total = align_of::<Shared>() + size_of::<Shared>();
        assert!(total <= 384, "{total}");
        assert_eq!(size_of::<CircuitBreaker>(), size_of::<Arc<Shared>>());
    }

    #[test]
    fn what_threads_write_with_every_call_lies_a_cache_line_apart() {
        const LINE: usize = 64;
        // None is larger than its alignment, so none lies in two lines.
        assert!(
            size_of::<CounterShard>() <= align_of::<Shared>()
                && offset_of!(Shared, earlier_configs) <= align_of::<Shared>()
        );
        let gate = offset_of!(Shared, gate);
        let hot = [
            gate,
            offset_of!(Shared, shard_0),
            offset_of!(Shared, shard_1),
            offset_of!(Shared, shard_2),
        ];
        for pair in hot.windows(2) {
            assert!(pair[1] - pair[0] >= LINE, "{hot:?}");
        }
    }
}
