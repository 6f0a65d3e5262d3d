//! A family: the circuits of one name, one for each key.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::Arc,
};

use super::{
    circuits::{Changes, Circuits, Common},
    found::KeyedCircuit,
    stats::{Calls, FamilyStats, States, worst},
};
#[cfg(feature = "config")]
use crate::circuit::declared::Declared;
use crate::{
    by_name::{Declarations, EarlierConfigs, Followers},
    circuit::{
        active_config::ActiveConfig,
        breaker::CircuitBreaker,
        command::GivenCommand,
        config::CircuitBreakerConfig,
        followers::{CircuitFollower, tell_came, tell_went},
        history::{TransitionRecord, latest},
        log,
        name::Name,
        stats::CircuitBreakerStats,
        usage::{SharedByKeys, Usage},
    },
    clock,
    events::{self, CommandAction, EventKind},
    keyed::{Excerpt, Hashed, KeyText},
    reports::ReportedCount,
};

/// The circuits of one name. All of them have one configuration.
#[derive(Debug)]
pub(crate) struct Family {
    name: Name,
    /// The name with `{*}` behind it, of the circuit that keys without a circuit share.
    overflow_name: Name,
    declared_at: &'static Location<'static>,
    /// The configuration of the circuits. It is written under the lock of the changes.
    pub(super) config: ActiveConfig,
    pub(super) bounds: Arc<SharedByKeys>,
    pub(super) declarations: Declarations,
    pub(super) earlier_configs: EarlierConfigs<CircuitBreakerConfig>,
    pub(super) circuits: Circuits,
    overflow_calls: ReportedCount,
    /// The family is one of the registry, whose followers hear of its circuits.
    is_registered: bool,
    pub(super) followers: Followers<dyn CircuitFollower>,
    #[cfg(feature = "config")]
    pub(super) declared: Declared,
}

/// The end of the name of an overflow circuit.
const OVERFLOW_SUFFIX: &str = "{*}";

impl Family {
    pub(crate) fn new(
        name: Name,
        config: &CircuitBreakerConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let overflow_name = Name::Shared(format!("{}{OVERFLOW_SUFFIX}", &*name).into());
        let bounds = SharedByKeys::default();
        bounds.store(config);
        Self {
            name,
            overflow_name,
            declared_at,
            config: ActiveConfig::new(config),
            bounds: Arc::new(bounds),
            declarations: Declarations::default(),
            earlier_configs: EarlierConfigs::default(),
            circuits: Circuits::new(),
            overflow_calls: ReportedCount::default(),
            is_registered: false,
            followers: Followers::new(),
            #[cfg(feature = "config")]
            declared: Declared::default(),
        }
    }

    /// The family as one of the registry.
    pub(crate) fn in_registry(self) -> Self {
        let is_registered = true;
        Self {
            is_registered,
            ..self
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn declared_at(&self) -> &'static Location<'static> {
        self.declared_at
    }

    /// The name of the circuit that keys without a circuit share.
    pub(crate) fn overflow_name(&self) -> &str {
        &self.overflow_name
    }

    /// The name of the family whose overflow circuit has this name.
    pub(crate) fn of_overflow(name: &str) -> Option<&str> {
        name.strip_suffix(OVERFLOW_SUFFIX)
    }

    /// The circuit of the key. A key without one gets one, or shares the overflow circuit.
    #[inline]
    pub(crate) fn circuit(&self, key: KeyText<'_>) -> KeyedCircuit {
        match key.as_short_text() {
            Some(text) => self.circuit_of(text),
            None => self.circuit_of_any(key),
        }
    }

    #[inline(never)]
    fn circuit_of_any(&self, key: KeyText<'_>) -> KeyedCircuit {
        key.read(|Excerpt { text, is_whole }| {
            if is_whole {
                self.circuit_of(text)
            } else {
                self.share(text, Cause::LongKey)
            }
        })
    }

    // It is not inlined, so that text and circuit travel in registers.
    #[inline(never)]
    fn circuit_of(&self, text: &str) -> KeyedCircuit {
        let hashed = self.circuits.hash(text);
        match self.circuits.find(hashed) {
            Some(entry) => KeyedCircuit::own(entry),
            None => self.add(text, hashed),
        }
    }

    #[cold]
    fn add(&self, text: &str, hashed: Hashed<'_>) -> KeyedCircuit {
        let key: Arc<str> = text.into();
        let mut changes = self.circuits.changes();
        // The clock is read under the lock, because circuits that other threads used while this one
        // waited for the lock would otherwise seem to be in use in the future.
        let (now, idle) = (clock::now(), self.bounds.idle());
        if let Some(entry) = self.circuits.find(hashed) {
            return KeyedCircuit::own(entry);
        }
        let mut evicted = None;
        if changes.length() >= self.bounds.max_keys() {
            if self.bounds.take_commands() {
                changes.judge_anew();
            }
            // A circuit of a new key is isolated there, so no closed one equals it.
            if !changes.common.isolates_new(now) {
                evicted = self.circuits.evict(&mut changes, idle, now);
            }
            if evicted.is_none() {
                drop(changes);
                return self.share(text, Cause::Full);
            }
        }
        let usage = Usage::new(Arc::clone(&self.bounds), now);
        let name = self.name.with_key(Arc::clone(&key), usage);
        let circuit = self.new_circuit(name, &changes);
        let not_before = now.saturating_add(idle);
        let entry = self
            .circuits
            .add(&mut changes, hashed, key, circuit, not_before);
        drop(changes);
        if let Some(evicted) = evicted {
            self.followers
                .tell(&|follower| follower.went(&evicted.value));
            if self.is_registered {
                tell_went(&evicted.value);
            }
            events::emit(None, || EventKind::Evicted {
                circuit: &self.name,
                key: evicted.value.key(),
            });
        }
        self.followers.tell(&|follower| follower.came(&entry.value));
        if self.is_registered {
            tell_came(&entry.value);
        }
        events::emit(None, || EventKind::Registered {
            circuit: &self.name,
            key: Some(text),
        });
        KeyedCircuit::own(entry)
    }

    /// A circuit with the present configuration, under the command that holds for the family.
    fn new_circuit(&self, name: Name, changes: &Changes) -> CircuitBreaker {
        let circuit = CircuitBreaker::new_at(name, self.config.load(), self.declared_at);
        if changes.common.admits_all {
            circuit.shared().set_enforced(false);
        }
        #[cfg(feature = "config")]
        circuit.shared().adopt_modes(self.declared.modes());
        if let Some(given) = changes.common.command_in_force(clock::now()) {
            circuit.shared().begin_under(given);
        }
        circuit
    }

    /// The overflow circuit, for a key that has none of its own.
    #[cold]
    fn share(&self, text: &str, cause: Cause) -> KeyedCircuit {
        if let Some(calls) = self.overflow_calls.add(clock::now()) {
            let max_keys = self.bounds.max_keys();
            match cause {
                Cause::Full => log::family_full(&self.name, text, max_keys, calls),
                Cause::LongKey => log::long_key(&self.name, text, calls),
            }
        }
        let mut changes = self.circuits.changes();
        let circuit = match &changes.common.overflow {
            Some(circuit) => circuit.clone(),
            None => {
                let circuit = self.new_circuit(self.overflow_name.clone(), &changes);
                changes.common.overflow.insert(circuit).clone()
            }
        };
        drop(changes);
        let name = self.overflow_name.with_key(text.into(), Usage::default());
        KeyedCircuit::shared(circuit, name)
    }

    /// The circuit of the key, if it has one of its own.
    pub(crate) fn get(&self, key: &str) -> Option<CircuitBreaker> {
        let entry = self.circuits.find(self.circuits.hash(key))?;
        Some(entry.value.clone())
    }

    /// The circuit that keys without a circuit share, if there was such a key.
    pub(crate) fn overflow(&self) -> Option<CircuitBreaker> {
        self.circuits.changes().common.overflow.clone()
    }

    /// Moves all circuits by hand. Those of later keys begin isolated after an isolation, and
    /// allowed after `allow`, until another command for the name or the end of that one.
    pub(crate) fn command(&self, mut given: GivenCommand) {
        given.to_family = true;
        // A subscriber of the log that panics cannot keep the circuits from their command.
        let logged = catch_unwind(AssertUnwindSafe(|| {
            log::command(&self.name, None, &given);
        }));
        let handles = {
            let mut changes = self.circuits.changes();
            let holds = matches!(given.action, CommandAction::Isolate | CommandAction::Allow);
            changes.common.command = holds.then(|| given.clone());
            changes.handles_and_overflow()
        };
        events::emit(None, || given.event(&self.name));
        for circuit in handles {
            circuit.shared().command(&given);
        }
        if let Err(panic) = logged {
            resume_unwind(panic);
        }
    }

    /// Makes all circuits, those of later keys too, refuse calls or admit all of them.
    pub(crate) fn set_enforced(&self, is_enforced: bool) {
        let handles = {
            let mut changes = self.circuits.changes();
            changes.common.admits_all = !is_enforced;
            changes.handles_and_overflow()
        };
        for circuit in handles {
            circuit.shared().set_enforced(is_enforced);
        }
    }

    pub(crate) fn config(&self) -> CircuitBreakerConfig {
        self.bounds.apply_to(self.config.load())
    }

    /// Gives all circuits another configuration and returns the one before.
    pub(super) fn replace(&self, config: &CircuitBreakerConfig) -> CircuitBreakerConfig {
        let (before, handles) = {
            let changes = self.circuits.changes();
            let before = self.config();
            self.config.store(config);
            self.bounds.store(config);
            (before, changes.handles_and_overflow())
        };
        // The bounds of the queue were made with the time of before.
        self.bounds.note_command();
        for circuit in handles {
            circuit.shared().adopt(config);
        }
        before
    }

    /// All circuits, so that nothing is done with them under the lock.
    pub(crate) fn handles_and_overflow(&self) -> Vec<CircuitBreaker> {
        self.circuits.changes().handles_and_overflow()
    }

    pub(crate) fn stats(&self) -> FamilyStats {
        let (handles, overflow, evicted, mut calls) = {
            let changes = self.circuits.changes();
            let Common {
                overflow,
                calls_of_evicted,
                ..
            } = &changes.common;
            (
                changes.handles(),
                overflow.clone(),
                changes.evicted,
                *calls_of_evicted,
            )
        };
        let mut states = States::default();
        for circuit in &handles {
            let circuit = circuit.stats();
            states.add(&circuit);
            calls.add(&circuit);
        }
        if let Some(overflow) = overflow {
            calls.add(&overflow.stats());
        }
        let Calls {
            successes,
            failures,
            ignored,
            refused,
            abandoned,
            late,
        } = calls;
        FamilyStats {
            name: String::from(&*self.name),
            keys: handles.len() as u64,
            max_keys: self.bounds.max_keys(),
            closed: states.closed,
            open: states.open,
            half_open: states.half_open,
            isolated: states.isolated,
            overflow: self.overflow_calls.get(),
            evicted,
            successes,
            failures,
            ignored,
            refused,
            abandoned,
            late,
            declared_at: self.declared_at,
        }
    }

    /// The latest transitions of all circuits that the family holds, the oldest first.
    #[inline]
    pub(crate) fn history(&self) -> Vec<TransitionRecord> {
        let mut records = Vec::new();
        for circuit in self.handles_and_overflow() {
            records.extend(circuit.history());
        }
        latest(records)
    }

    /// The statistics of the `n` keys that are the worst off.
    #[inline]
    pub(crate) fn worst_keys(&self, n: usize) -> Vec<CircuitBreakerStats> {
        let handles = self.circuits.changes().handles();
        worst(handles.iter().map(CircuitBreaker::stats).collect(), n)
    }
}

/// Why a key shares the overflow circuit.
#[derive(Clone, Copy)]
enum Cause {
    Full,
    LongKey,
}
