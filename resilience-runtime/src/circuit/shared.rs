//! What the handles of one circuit share: the lock and the clock around the machine, and the gate in front of it.

use std::{
    num::NonZeroU64,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::PoisonError,
    thread,
};

use super::{
    active_config::ActiveConfig,
    config::CircuitBreakerConfig,
    declaration::{Declarations, EarlierConfigs, NewValue, is_same_line},
    due::Due,
    error::CircuitOpen,
    gate::{Gate, Status},
    lane::{Count, LANES, Lane, Seat},
    listener::Listeners,
    log,
    machine::{Admission, Machine, Mark, Refused, Settled, Step, View},
    name::Name,
    pass::Pass,
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
    /// [`Due`], written like the gate, and before it.
    due: AtomicU64,
    /// Attributes read it with every call, so it lies beside the gate.
    pub(super) is_removed: AtomicBool,
    declarations: Declarations,
    pub(super) declared_at: &'static Location<'static>,
    earlier_configs: EarlierConfigs,
    config: ActiveConfig,
    lane_0: Lane,
    machine: Mutex<Machine>,
    pub(super) name: Name,
    lane_1: Lane,
    pub(super) listeners: Listeners,
    abandoned: AtomicU64,
    late: AtomicU64,
    lane_2: Lane,
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
            lane_0: Lane::default(),
            machine: Mutex::new(machine),
            name,
            lane_1: Lane::default(),
            listeners: Listeners::default(),
            abandoned: AtomicU64::new(0),
            late: AtomicU64::new(0),
            lane_2: Lane::default(),
        }
    }

    #[inline]
    fn lane(&self, seat: Seat) -> &Lane {
        match seat.lane {
            0 => &self.lane_0,
            1 => &self.lane_1,
            _ => &self.lane_2,
        }
    }

    #[inline]
    fn count_success(&self) {
        let seat = Seat::get();
        self.lane(seat).succeed(seat);
    }

    fn count(&self, count: Count) {
        self.lane(Seat::get()).add(count);
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        [&self.lane_0, &self.lane_1, &self.lane_2]
            .into_iter()
            .take(LANES)
    }

    fn sum(&self, count: Count) -> u64 {
        self.lanes()
            .map(|lane| lane.get(count))
            .fold(0, u64::wrapping_add)
    }

    #[inline]
    fn gate(&self) -> Gate {
        Gate::from_bits(self.gate.load(Ordering::Acquire))
    }

    #[inline]
    fn due(&self) -> Due {
        Due::from_bits(self.due.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn admit(&self) -> Result<Pass, CircuitOpen> {
        let gate = self.gate();
        if gate.is_plain() {
            return Ok(Pass::plain(gate));
        }
        match self.decide(gate) {
            Ok(pass) => Ok(pass),
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
        match gate.status() {
            Status::Closed => None,
            Status::Isolated => Some(refused(Status::Isolated, NEVER)),
            Status::Open | Status::HalfOpen => {
                let view = self.view();
                let wait = view.retry_after.map_or(NEVER, clock::nanos);
                (view.state == CircuitState::Open).then(|| refused(Status::Open, wait))
            }
        }
    }

    #[inline(never)]
    fn decide(&self, gate: Gate) -> Result<Pass, Refused> {
        let decision = self.pass_or_wait(gate);
        if decision.is_err() {
            self.count(Count::Refused);
        }
        decision
    }

    /// Whether a call passes; if not, why, and when to come back.
    #[inline]
    fn pass_or_wait(&self, gate: Gate) -> Result<Pass, Refused> {
        let reason = gate.reason();
        if gate.status() == Status::Isolated {
            let (state, wait) = (Status::Isolated, NEVER);
            return Err(Refused {
                state,
                reason,
                wait,
            });
        }
        if gate.status() == Status::Closed && !gate.is_timed() {
            return Ok(Pass::plain(gate));
        }
        let now = clock::now();
        let (gate, ticket) = if gate.status() == Status::Closed {
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
        Ok(Pass::new(gate, ticket, started))
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
                if let Admission::Admitted { ticket } = admission {
                    self.abandon(Pass::new(gate, ticket, None));
                }
                resume_unwind(panic);
            }
        }
        match admission {
            Admission::Admitted { ticket } => Ok((gate, ticket)),
            Admission::Refused(refused) => Err(refused),
        }
    }

    #[inline]
    pub(super) fn succeed(&self, pass: Pass) {
        let gate = pass.gate();
        if gate.is_plain() && gate == self.gate() {
            self.count_success();
        } else {
            self.settle(pass, Mark::Success);
        }
    }

    #[inline(never)]
    pub(super) fn settle(&self, pass: Pass, mark: Mark) {
        // Not the gate that the call passed: the circuit may have been reconfigured since then.
        let gate = self.gate();
        // The generation never comes back, so this needs no lock.
        if pass.gate().generation() != gate.generation() {
            return self.count_late();
        }
        let now = clock::now();
        let mark = if self.is_slow(pass, now) {
            Mark::Failure
        } else {
            mark
        };
        if gate.status() == Status::Closed {
            match mark {
                Mark::Success if !gate.is_rated() => return self.count_success(),
                // The window takes it over with the next look under the lock.
                Mark::Success if self.due().counts(now) => {
                    let is_counted = self.lane(Seat::get()).succeed_in(gate.generation());
                    if !is_counted {
                        self.count_late();
                    }
                    return;
                }
                Mark::Ignored => return self.count(Count::Ignored),
                Mark::Success | Mark::Failure => {}
            }
        }
        self.change(|machine| {
            let (settled, step) =
                machine.settle(&self.config, gate.generation(), pass.ticket(), mark, now);
            // Before the transition is told: who hears of it finds the call in the statistics.
            match settled {
                Settled::Counted => self.count_verdict(mark),
                Settled::Late => self.count_late(),
            }
            step
        });
    }

    fn count_verdict(&self, mark: Mark) {
        match mark {
            Mark::Success => self.count_success(),
            Mark::Ignored => self.count(Count::Ignored),
            // By the machine, under the lock that it needs anyway.
            Mark::Failure => {}
        }
    }

    fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn is_slow(&self, pass: Pass, now: u64) -> bool {
        let Some(started) = pass.started() else {
            return false;
        };
        let limit = self.config.slow_call();
        limit != 0 && now.saturating_sub(started.get()) > limit
    }

    /// A permit was dropped without a verdict.
    #[cold]
    pub(super) fn dropped(&self, pass: Pass) {
        if pass.is_unwinding() {
            self.settle(pass, Mark::Failure);
        } else {
            self.abandon(pass);
        }
    }

    #[cold]
    pub(super) fn abandon(&self, pass: Pass) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        let gate = pass.gate();
        if gate.status() == Status::HalfOpen && gate.generation() == self.gate().generation() {
            self.change(|machine| {
                machine.give_back(gate.generation(), pass.ticket());
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
    fn change(&self, change: impl FnOnce(&mut Machine) -> Option<Step>) {
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
                let begin = |lane: &Lane| lane.begin_generation(gate.generation());
                self.lanes().for_each(begin);
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
    fn announce(&self, step: Step) {
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

    fn transition(&self, step: Step) -> Transition {
        let Step {
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
            retry_after: (to == Status::Open).then(|| self.machine().open_for()),
        }
    }

    pub(super) fn state(&self) -> CircuitState {
        match self.gate().status() {
            Status::Closed => CircuitState::Closed,
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
            size_of::<Lane>() <= align_of::<Shared>()
                && offset_of!(Shared, earlier_configs) <= align_of::<Shared>()
        );
        let gate = offset_of!(Shared, gate);
        let hot = [
            gate,
            offset_of!(Shared, lane_0),
            offset_of!(Shared, lane_1),
            offset_of!(Shared, lane_2),
        ];
        for pair in hot.windows(2) {
            assert!(pair[1] - pair[0] >= LINE, "{hot:?}");
        }
    }
}
