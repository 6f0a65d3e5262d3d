//! The driver of a circuit: it holds the lock and reads the clock for the machine, and keeps the
//! gate in front of it.

mod changes;
mod command;
mod coordinate;
#[cfg(feature = "config")]
mod in_file;
mod keyed;
mod reconfigure;
mod report;
mod waiting;

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::PoisonError,
};

#[cfg(feature = "config")]
use super::declared::Declared;
use super::{
    active_config::ActiveConfig,
    admission::{ASK, Admission, Answer, Cause, LET_THROUGH, Outcome, Refused},
    config::CircuitBreakerConfig,
    error::CircuitOpen,
    gate::{Gate, State},
    gate_expiry::GateExpiry,
    journal::{Changed, Journal},
    machine::{End, Late, Machine},
    name::Name,
    open_time::Opening,
    sharded_counter::{Count, CounterShard},
};
use crate::{
    by_name::Declarations,
    clock,
    events::{self, EventKind},
    operation::Operation,
    random,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread_shard::{SHARDS, ThreadShard},
};

/// The circuit that all its handles and permits share. The page of the module draws its words.
///
/// The order of the fields is fixed, because a word that a thread writes with every call must lie
/// in no cache line that other threads use. Words that are seldom used lie between them: the
/// circuit takes a third less memory than with a cache line for each.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Shared {
    /// A [`Gate`], written under the machine's lock only. Plain calls read nothing else.
    gate: AtomicU64,
    /// A [`GateExpiry`], written under the machine's lock only, before the gate.
    gate_expiry: AtomicU64,
    /// The registry gave the name away. Attributes read it with every call, so it lies beside the
    /// gate.
    pub(super) is_removed: AtomicBool,
    declarations: Declarations,
    /// Each refusal reads it.
    pub(super) name: Name,
    config: ActiveConfig,
    #[cfg(feature = "config")]
    declared: Declared,
    shard_0: CounterShard,
    locked: Mutex<Locked>,
    shard_1: CounterShard,
    pub(super) declared_at: &'static Location<'static>,
    ignored: AtomicU64,
    abandoned: AtomicU64,
    late: AtomicU64,
    shard_2: CounterShard,
}

/// The part of the circuit that is under its lock.
#[derive(Debug)]
struct Locked {
    machine: Machine,
    /// It is made for the first change of state or for the first who waits for one, so that the
    /// many circuits that never open are small.
    journal: Option<Box<Journal>>,
}

/// The part of the program that waits while a call asks other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Thread,
    Task,
}

impl Locked {
    fn journal(&mut self) -> &mut Journal {
        self.journal.get_or_insert_default()
    }
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
            gate: AtomicU64::new(machine.gate(&config).keyed(name.keyed().is_some()).bits()),
            gate_expiry: AtomicU64::new(machine.gate_expiry(&config).bits()),
            is_removed: AtomicBool::new(false),
            declarations: Declarations::default(),
            name: name.kept(),
            config,
            #[cfg(feature = "config")]
            declared: Declared::default(),
            shard_0: CounterShard::default(),
            locked: Mutex::new(Locked {
                machine,
                journal: None,
            }),
            shard_1: CounterShard::default(),
            declared_at,
            ignored: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            late: AtomicU64::new(0),
            shard_2: CounterShard::default(),
        }
    }

    #[inline]
    fn shard(&self, thread_shard: ThreadShard) -> &CounterShard {
        match thread_shard.index {
            0 => &self.shard_0,
            1 => &self.shard_1,
            _ => &self.shard_2,
        }
    }

    #[inline]
    fn count_success(&self) {
        self.count(Count::Success);
    }

    #[inline]
    fn count(&self, count: Count) {
        let thread_shard = ThreadShard::current();
        self.shard(thread_shard).add(count, thread_shard);
    }

    fn count_ignored(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
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
    fn gate_expiry(&self) -> GateExpiry {
        GateExpiry::from_bits(self.gate_expiry.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn admit(
        &self,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, CircuitOpen> {
        let gate = self.gate();
        if gate.is_plain() {
            return Ok(Admission::plain(gate));
        }
        match self.decide(gate, caller, Waits::Thread).decision() {
            Ok(admission) => Ok(admission),
            // The error is made here, because only here it can be written straight to its place in
            // the caller.
            Err(refused) => Err(CircuitOpen::new(self.name.clone(), refused)),
        }
    }

    /// Does the same for an async call. If the call has to ask other processes, the refusal
    /// [says so](CircuitOpen::asks), and nobody is told of it.
    #[inline]
    pub(super) fn admit_task(
        &self,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, CircuitOpen> {
        let gate = self.gate();
        if gate.is_plain() {
            return Ok(Admission::plain(gate));
        }
        match self.decide(gate, caller, Waits::Task).decision() {
            Ok(admission) => Ok(admission),
            Err(refused) => Err(CircuitOpen::new(self.name.clone(), refused)),
        }
    }

    #[inline(never)]
    fn decide(&self, gate: Gate, caller: Option<&'static Operation>, waits: Waits) -> Answer {
        #[cfg(feature = "config")]
        if self.declared.is_disabled() {
            return Answer::of(Ok(Admission::UNCOUNTED));
        }
        let decision = self.admit_behind(gate, waits);
        Answer::of(self.decided(decision, gate, caller))
    }

    /// Counts a call that is admitted or refused, and tells of a refusal. A call that has to ask is
    /// neither.
    // The compiler would not inline it by itself, because two functions use it (a refusal took 64
    // more instructions).
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    pub(super) fn decided(
        &self,
        decision: Result<Admission, Refused>,
        gate: Gate,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, Refused> {
        match decision {
            Ok(admission) => {
                if admission.is_let_through() {
                    self.count_would_refuse();
                }
                if gate.is_keyed() {
                    self.begin_call();
                }
            }
            Err(refused) if refused.asks() => {}
            Err(refused) => {
                self.count(Count::Refused);
                events::emit(caller.map(Operation::name), || EventKind::Refused {
                    circuit: &self.name,
                    key: self.name.key(),
                    retry_after: refused.retry_after(),
                });
            }
        }
        decision
    }

    /// Admits or refuses a call that passed the gate of a circuit that is not plain.
    #[expect(clippy::inline_always, reason = "measured, see `decided`")]
    #[inline(always)]
    fn admit_behind(&self, gate: Gate, waits: Waits) -> Result<Admission, Refused> {
        if gate.state() == State::Closed && !gate.is_timed() {
            return Ok(Admission::plain(gate));
        }
        let refused = |(state, wait)| Err(Refused::new(state, gate.reason(), wait));
        // The expiry is as new as the gate or newer, and the machine would answer by the newer one,
        // too.
        if gate.state() != State::Closed && !gate.admits_all() {
            // A refused call does not wait for the exact clock, because an open circuit is called
            // often.
            if let Some(refusal) = self.gate_expiry().refuses_for_long(clock::coarse_now()) {
                return refused(refusal);
            }
        }
        let now = clock::now();
        let gate = if gate.state() == State::Closed {
            gate
        } else if let Some(refusal) = self.gate_expiry().refuses(now) {
            if !gate.admits_all() {
                return refused(refusal);
            }
            gate.let_through()
        } else {
            return self.ask_machine(now, waits);
        };
        Ok(Admission::begun(gate, 0, now))
    }

    #[inline(never)]
    fn ask_machine(&self, now: u64, waits: Waits) -> Result<Admission, Refused> {
        let (ticket, gate, changed) = self.locked(|locked| {
            let settled = self.settle(locked, now);
            let (ticket, change) = locked.machine.admit(&self.config, now);
            // A circuit that settles by a change of state does not change it again at once.
            let changed = settled.or_else(|| Some(self.enter(locked, change?, now, None)));
            (ticket, self.gate_of(&locked.machine), changed)
        });
        let (gate, ticket) = match ticket {
            Ok(LET_THROUGH) => (gate.let_through(), Ok(0)),
            Ok(ASK) => (gate, Err(Refused::until_asked(gate))),
            _ => (gate, ticket),
        };
        if let Some(changed) = changed {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.announce(changed, None))) {
                // The call will not run, so its slot is given back here: nobody else knows of it.
                if let Ok(ticket) = ticket {
                    self.give_up(Admission::new(gate, ticket, None));
                }
                resume_unwind(panic);
            }
        }
        match ticket {
            Ok(ticket) => Ok(Admission::begun(gate, ticket, now)),
            Err(refused) if refused.asks() && waits == Waits::Thread => {
                self.ask_others_blocking(refused.asks_in())
            }
            Err(refused) => Err(refused),
        }
    }

    #[inline]
    pub(super) fn succeed(&self, admission: Admission) {
        let gate = admission.gate();
        if gate.is_plain() && gate == self.gate() {
            self.count_success();
        } else {
            self.record(admission, Outcome::Success, None);
        }
    }

    /// Records the failure of a call. `cause` is its error, if the call returned one.
    #[inline]
    pub(super) fn fail(&self, admission: Admission, cause: Option<&Cause<'_>>) {
        if !self.add_failure(admission) {
            self.record(admission, Outcome::Failure, cause);
        }
    }

    /// Records the failure of a plain circuit if it only adds a moment to the window, and returns
    /// true. Nearly all failures of a circuit with a threshold do, so it is short.
    #[inline(never)]
    pub(super) fn add_failure(&self, admission: Admission) -> bool {
        let gate = admission.gate();
        if !gate.is_plain() || gate != self.gate() || self.config.counts_a_row() {
            return false;
        }
        let now = clock::now();
        let mut locked = self.lock();
        locked
            .machine
            .add_failure(&self.config, gate.generation(), now)
    }

    /// Records the outcome of a call. `cause` is the error of a failure, if the call returned one.
    #[inline(never)]
    pub(super) fn record(&self, admission: Admission, outcome: Outcome, cause: Option<&Cause<'_>>) {
        if admission.is_uncounted() {
            return;
        }
        if admission.gate().is_keyed() {
            self.record_of_key(admission, outcome, cause);
        } else {
            self.record_outcome(admission, outcome, cause);
        }
    }

    // Each of the two functions has two callers, so that the compiler would not inline it by
    // itself, and a failure would take 60 more instructions.
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    fn record_outcome(&self, admission: Admission, outcome: Outcome, cause: Option<&Cause<'_>>) {
        // The gate of now decides and not the one that the call passed, because the circuit may
        // have been reconfigured.
        let gate = self.gate();
        // This needs no lock, because a generation that is over never comes back.
        if admission.gate().generation() != gate.generation() {
            return self.count_late();
        }
        let now = clock::now();
        let is_slow = self.is_slow(admission, now);
        let outcome = if is_slow && !self.config.has_slow_rate() {
            Outcome::Failure
        } else {
            outcome
        };
        if gate.state() == State::Closed {
            match outcome {
                // A slow call enters its window by itself, and a row of failures ends under the
                // lock, where the generation is compared again.
                Outcome::Success if is_slow || gate.is_in_row() => {}
                Outcome::Success if !gate.is_rated() => return self.count_success(),
                // The window takes the success over the next time that somebody holds the lock.
                Outcome::Success if self.gate_expiry().counts(now) => {
                    let is_counted = self
                        .shard(ThreadShard::current())
                        .add_success_in(gate.generation());
                    if !is_counted {
                        self.count_late();
                    }
                    return;
                }
                Outcome::Ignored => return self.count_ignored(),
                Outcome::Success | Outcome::Failure => {}
            }
        } else if admission.is_let_through()
            && self.enters_no_window(gate, outcome, is_slow)
            && self.gate_expiry().refuses(now).is_some()
        {
            return self.count_outcome(outcome);
        } else if gate.state() == State::HalfOpen && self.config.seldom.has_coordination() {
            return self.record_probe(admission, outcome, is_slow, now, cause);
        }
        let end = End {
            outcome,
            is_slow,
            opening: self.opening(cause),
        };
        let changed = self.record_locked(gate.generation(), admission.ticket(), end, now);
        if let Some(changed) = changed {
            self.announce(changed, cause.and_then(Cause::text).as_ref());
        }
    }

    #[expect(clippy::inline_always, reason = "measured, see `record_outcome`")]
    #[inline(always)]
    fn record_locked(&self, generation: u32, ticket: u32, end: End, now: u64) -> Option<Changed> {
        let mut locked = self.lock();
        self.take_over(&mut locked.machine);
        let changed = self.record_in(&mut locked, generation, ticket, end, now);
        // A plain circuit that does not change keeps its gate, unless a row of failures begins.
        let keeps_gate = changed.is_none() && self.gate().is_plain() && !self.config.counts_a_row();
        if !keeps_gate {
            self.publish(&mut locked.machine);
        }
        changed
    }

    #[inline]
    fn record_in(
        &self,
        locked: &mut Locked,
        generation: u32,
        ticket: u32,
        end: End,
        now: u64,
    ) -> Option<Changed> {
        if let Some(settled) = self.settle(locked, now) {
            self.count_late();
            return Some(settled);
        }
        let machine = &mut locked.machine;
        let recorded = machine.record(&self.config, generation, ticket, end, now);
        // The call is counted before the transition is told, because a listener looks for it in the
        // statistics.
        match recorded {
            Ok(change) => {
                self.count_outcome(end.outcome);
                change.map(|change| self.enter(locked, change, now, None))
            }
            Err(Late) => {
                self.count_late();
                None
            }
        }
    }

    /// True if the outcome of a call that was let through changes no statistic of the window.
    fn enters_no_window(&self, gate: Gate, outcome: Outcome, is_slow: bool) -> bool {
        match outcome {
            Outcome::Success => !is_slow && !gate.is_rated() && !self.config.counts_a_row(),
            Outcome::Ignored => !is_slow,
            Outcome::Failure => false,
        }
    }

    fn count_outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.count_success(),
            Outcome::Ignored => self.count_ignored(),
            // The machine has counted it, under the lock that a failure needs anyway.
            Outcome::Failure => {}
        }
    }

    /// The inputs of an opening, for the case that the circuit opens now. Few circuits have any.
    #[inline]
    fn opening(&self, cause: Option<&Cause<'_>>) -> Opening {
        match cause {
            Some(Cause {
                hint: Some(hint), ..
            }) => self.drawn(Some(clock::nanos(*hint))),
            _ if self.config.has_jitter() => self.drawn(None),
            _ => Opening::default(),
        }
    }

    #[cold]
    fn drawn(&self, hint: Option<u64>) -> Opening {
        let is_random = self.config.has_jitter();
        #[cfg(feature = "test-util")]
        let is_random = is_random && !crate::scope::has_no_jitter();
        let random = if is_random { random::draw() } else { 0.0 };
        Opening { hint, random }
    }

    #[cold]
    fn count_would_refuse(&self) {
        let seldom = self.config.seldom.get_or_make();
        seldom.would_refuse.fetch_add(1, Ordering::Relaxed);
    }

    fn would_refuse(&self) -> u64 {
        let seldom = self.config.seldom.get();
        seldom.map_or(0, |parts| parts.would_refuse.load(Ordering::Relaxed))
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

    /// The gate of the machine as this circuit publishes it.
    #[inline]
    fn gate_of(&self, machine: &Machine) -> Gate {
        let gate = machine
            .gate(&self.config)
            .keyed(self.name.keyed().is_some());
        #[cfg(feature = "config")]
        let gate = gate.never_plain(self.declared.is_disabled());
        gate
    }

    /// Counts a call that ended because its permit was dropped without an outcome.
    #[cold]
    pub(super) fn dropped(&self, admission: Admission) {
        if admission.is_unwinding() {
            self.record(admission, Outcome::Failure, None);
        } else {
            self.abandon(admission);
        }
    }

    #[cold]
    pub(super) fn abandon(&self, admission: Admission) {
        if admission.is_uncounted() {
            return;
        }
        let _call = admission.gate().is_keyed().then(|| self.end_of_call());
        self.give_up(admission);
    }

    fn give_up(&self, admission: Admission) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        let gate = admission.gate();
        if gate.state() == State::HalfOpen && gate.generation() == self.gate().generation() {
            if self.config.seldom.has_coordination() {
                self.give_up_lease(admission);
            }
            self.locked(|locked| {
                let machine = &mut locked.machine;
                machine.give_back(gate.generation(), admission.ticket());
            });
        }
    }

    /// Runs `act` under the lock and publishes its result. Nothing else changes the machine.
    #[inline]
    fn locked<R>(&self, act: impl FnOnce(&mut Locked) -> R) -> R {
        let mut locked = self.lock();
        self.take_over(&mut locked.machine);
        let answer = act(&mut locked);
        self.publish(&mut locked.machine);
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Locked> {
        // A panic under the lock leaves a machine that is still whole.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the machine of the successes that were counted without the lock, before anybody looks
    /// at the window.
    fn take_over(&self, machine: &mut Machine) {
        if self.config.is_rated() {
            machine.take_over(self.sum(Count::Success));
        }
    }

    /// Writes the gate and its expiry. A word that is the same is not written, because every plain
    /// call reads its cache line.
    fn publish(&self, machine: &mut Machine) {
        let gate = self.gate_of(machine);
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
        let expiry = machine.gate_expiry(&self.config).bits();
        if self.gate_expiry.load(Ordering::Relaxed) != expiry {
            self.gate_expiry.store(expiry, Ordering::Relaxed);
        }
        if published != gate {
            self.gate.store(gate.bits(), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests;
