//! The driver of a circuit: it holds the lock and reads the clock for the machine, and keeps the
//! gate in front of it. The words of a circuit and the lock are here.
//!
//! - `admit` and `record` are the two ends of a call; `counts` counts the calls.
//! - `changes` tells of transitions, and `waiting` keeps the futures that wait for one.
//! - `command`, `reconfigure` and `in_file` change the circuit from outside.
//! - `coordinate` asks other processes and follows them.
//! - `keyed` counts the calls of a circuit with a key, and `report` reads the statistics.

mod admit;
mod changes;
mod command;
mod coordinate;
mod counts;
#[cfg(feature = "config")]
mod in_file;
mod keyed;
mod reconfigure;
mod record;
mod report;
mod waiting;

use std::{panic::Location, sync::PoisonError};

#[cfg(feature = "config")]
use super::declared::Declared;
use super::{
    active_config::ActiveConfig,
    config::CircuitBreakerConfig,
    gate::Gate,
    gate_expiry::GateExpiry,
    journal::Journal,
    machine::Machine,
    name::Name,
    sharded_counter::{Count, CounterShard},
};
use crate::{
    by_name::Declarations,
    clock,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
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
    fn gate(&self) -> Gate {
        Gate::from_bits(self.gate.load(Ordering::Acquire))
    }

    #[inline]
    fn gate_expiry(&self) -> GateExpiry {
        GateExpiry::from_bits(self.gate_expiry.load(Ordering::Relaxed))
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
