//! The table of the registry: names to circuits, and the bound on their number.

use std::{
    borrow::Borrow,
    collections::{HashSet, hash_map::RandomState},
    hash::{BuildHasher, Hash, Hasher},
    panic::Location,
    // The types are the standard library's, because loom's cannot be statics.
    sync::{
        LazyLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crossbeam_utils::sync::{ShardedLock, ShardedLockReadGuard, ShardedLockWriteGuard};

use super::in_file::InFile;
use crate::{
    circuit::{CircuitBreaker, CircuitBreakerConfig, Name, log, tell_came, tell_went},
    events::{self, EventKind},
    scope::per_scope,
    settings::LayerOptions,
};

/// A service has tens of dependencies, not thousands; this many circuits take 5 MB.
const CAPACITY: usize = 10_000;

per_scope! {
    /// The registry of the process.
    pub(super) static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(CAPACITY));
}

/// The names of the circuits that computed names share beyond the capacity.
const OVERFLOW: [&str; 16] = [
    "registry overflow 1 of 16",
    "registry overflow 2 of 16",
    "registry overflow 3 of 16",
    "registry overflow 4 of 16",
    "registry overflow 5 of 16",
    "registry overflow 6 of 16",
    "registry overflow 7 of 16",
    "registry overflow 8 of 16",
    "registry overflow 9 of 16",
    "registry overflow 10 of 16",
    "registry overflow 11 of 16",
    "registry overflow 12 of 16",
    "registry overflow 13 of 16",
    "registry overflow 14 of 16",
    "registry overflow 15 of 16",
    "registry overflow 16 of 16",
];

/// A circuit that is found by its name. A map from names to circuits would hold each name twice.
struct ByName(CircuitBreaker);

impl Borrow<str> for ByName {
    fn borrow(&self) -> &str {
        self.0.name()
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Eq for ByName {}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name().hash(state);
    }
}

pub(super) struct Registry {
    /// Threads that read do not write to the same line of memory, because look-ups are many and
    /// registrations few (row `registry, a circuit by its name` of `benches/`).
    circuits: ShardedLock<HashSet<ByName>>,
    capacity: usize,
    /// Chooses the overflow circuit. It is seeded for each process, so that nobody can choose names
    /// that share one.
    overflow_hash: RandomState,
    overflow_reported: AtomicBool,
}

impl Registry {
    fn new(capacity: usize) -> Self {
        Self {
            circuits: ShardedLock::default(),
            capacity,
            overflow_hash: RandomState::new(),
            overflow_reported: AtomicBool::new(false),
        }
    }

    /// The circuit of that name, a new one, or the overflow circuit that the name shares.
    pub(super) fn get_or_register(
        &self,
        name: &Name,
        config: CircuitBreakerConfig,
        location: &'static Location<'static>,
    ) -> CircuitBreaker {
        self.get_or_register_layer(name, config, LayerOptions::default(), location)
    }

    /// Does the same for the layer of a function, whose attribute has these options.
    pub(super) fn get_or_register_layer(
        &self,
        name: &Name,
        config: CircuitBreakerConfig,
        options: LayerOptions,
        location: &'static Location<'static>,
    ) -> CircuitBreaker {
        let found = self.get(name);
        let insert = || self.insert(name.clone(), config, options, location);
        let Some(circuit) = found.or_else(insert) else {
            return self.overflow(name, config, location);
        };
        circuit.check(&config, location);
        circuit
    }

    /// Inserts a new circuit, unless another thread was faster. `None` if the name is computed and
    /// the registry is full.
    fn insert(
        &self,
        name: Name,
        config: CircuitBreakerConfig,
        options: LayerOptions,
        location: &'static Location<'static>,
    ) -> Option<CircuitBreaker> {
        let is_bounded = !name.is_constant();
        // The table is asked under the lock that readers share first, because a full registry is
        // asked with every call.
        if is_bounded && self.is_full(self.read().len()) {
            return None;
        }
        let circuit = CircuitBreaker::new_at(name, config, location);
        let begun = InFile::begin();
        {
            let mut circuits = self.write();
            if let Some(ByName(faster)) = circuits.get(circuit.name()) {
                return Some(faster.clone());
            }
            if is_bounded && self.is_full(circuits.len()) {
                return None;
            }
            circuits.insert(ByName(circuit.clone()));
        }
        begun.circuit(&circuit, options);
        emit_registered(&circuit);
        #[cfg(feature = "test-util")]
        super::forced::begin(&circuit);
        Some(circuit)
    }

    fn is_full(&self, circuits: usize) -> bool {
        circuits >= self.capacity
    }

    /// The circuit that `name` shares with others beyond the capacity. Its configuration is that of
    /// the first of them.
    fn overflow(
        &self,
        name: &Name,
        config: CircuitBreakerConfig,
        location: &'static Location<'static>,
    ) -> CircuitBreaker {
        if !self.overflow_reported.swap(true, Ordering::Relaxed) {
            log::registry_full(name, self.capacity, OVERFLOW.len(), location);
        }
        let hash = self.overflow_hash.hash_one(&**name);
        let shared = OVERFLOW[usize::try_from(hash % OVERFLOW.len() as u64).unwrap_or_default()];
        self.get(shared).unwrap_or_else(|| {
            // A constant name is always inserted.
            self.insert(
                Name::Static(shared),
                config,
                LayerOptions::default(),
                location,
            )
            .unwrap_or_else(|| CircuitBreaker::new_at(Name::Static(shared), config, location))
        })
    }

    /// Registers the circuit under its own name. False if another circuit has the name.
    pub(super) fn register(&self, circuit: CircuitBreaker) -> bool {
        let registered = circuit.clone();
        let begun = InFile::begin();
        {
            let mut circuits = self.write();
            if let Some(ByName(holder)) = circuits.get(circuit.name()) {
                return holder.is_same(&circuit);
            }
            circuit.set_removed(false);
            circuits.insert(ByName(circuit));
        }
        begun.circuit(&registered, LayerOptions::default());
        emit_registered(&registered);
        #[cfg(feature = "test-util")]
        super::forced::begin(&registered);
        true
    }

    pub(super) fn remove(&self, name: &str) -> Option<CircuitBreaker> {
        let circuit = {
            let mut circuits = self.write();
            let ByName(circuit) = circuits.take(name)?;
            // The flag is written under the lock, because the circuit may be registered again at
            // the same time.
            circuit.set_removed(true);
            circuit
        };
        tell_went(&circuit);
        Some(circuit)
    }

    fn read(&self) -> ShardedLockReadGuard<'_, HashSet<ByName>> {
        self.circuits.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> ShardedLockWriteGuard<'_, HashSet<ByName>> {
        self.circuits
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, name: &str) -> Option<CircuitBreaker> {
        self.read().get(name).map(|ByName(circuit)| circuit.clone())
    }

    pub(super) fn act(&self, name: &str, action: impl FnOnce(&CircuitBreaker)) -> bool {
        self.get(name).as_ref().map(action).is_some()
    }

    /// Copies the handles, so that nothing is done with the circuits under the lock.
    pub(super) fn handles(&self) -> Vec<CircuitBreaker> {
        self.read()
            .iter()
            .map(|ByName(circuit)| circuit.clone())
            .collect()
    }
}

/// Tells of a circuit that came into the registry, after the lock is released.
fn emit_registered(circuit: &CircuitBreaker) {
    tell_came(circuit);
    events::emit(None, || EventKind::Registered {
        circuit: circuit.name(),
        key: None,
    });
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{CircuitState, circuit::capture};

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

    #[track_caller]
    fn add(registry: &Registry, name: &'static str) -> CircuitBreaker {
        registry.get_or_register(&Name::Static(name), CONFIG, Location::caller())
    }

    #[test]
    fn the_same_name_is_the_same_circuit() {
        let registry = Registry::new(CAPACITY);
        add(&registry, "jira").isolate();
        let computed = Name::from(Cow::Owned(String::from("jira")));
        let again = registry.get_or_register(&computed, CONFIG, Location::caller());
        assert_eq!(again.state(), CircuitState::Open);
        assert_eq!(registry.handles().len(), 1);
    }

    #[test]
    fn another_configuration_is_refused_aloud_and_once() {
        let registry = Registry::new(CAPACITY);
        add(&registry, "jira");
        let other = CONFIG.failure_threshold(9);
        let events = capture::events(|| {
            for _ in 0..2 {
                let circuit =
                    registry.get_or_register(&Name::Static("jira"), other, Location::caller());
                assert_eq!(circuit.config(), CONFIG);
            }
        });
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].starts_with("ERROR resilience: message=circuit is configured twice"));
    }

    #[test]
    fn names_are_acted_on_only_where_there_is_one() {
        let registry = Registry::new(CAPACITY);
        let (jira, search) = (add(&registry, "jira"), add(&registry, "search"));
        assert!(registry.act("jira", CircuitBreaker::trip));
        assert!(!registry.act("jir", CircuitBreaker::trip));
        assert_eq!(jira.state(), CircuitState::Open);
        assert_eq!(search.state(), CircuitState::Closed);
    }

    #[test]
    fn threads_that_race_for_a_name_get_one_circuit() {
        let registry = Registry::new(CAPACITY);
        let barrier = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    barrier.wait();
                    add(&registry, "jira").acquire().expect("closed").success();
                });
            }
        });
        let jira = registry.get("jira").expect("it is registered");
        assert_eq!(jira.stats().successes, 4);
    }

    fn computed(name: &str) -> Name {
        Name::from(Cow::Owned(String::from(name)))
    }

    #[test]
    fn beyond_its_capacity_each_computed_name_had_a_new_circuit_with_each_call() {
        let registry = Registry::new(2);
        let call = |name| registry.get_or_register(&computed(name), CONFIG, Location::caller());
        let events = capture::events(|| {
            for name in ["a", "b", "c", "d", "e", "c"] {
                call(name);
            }
        });
        let [event] = &events[..] else {
            panic!("one event, not {events:?}")
        };
        assert!(event.starts_with("ERROR resilience: "), "{event}");
        assert!(
            event.contains("circuit=\"c\"") && event.contains(file!()),
            "{event}"
        );
        assert_eq!((call("a").name(), call("b").name()), ("a", "b"));
        let overflow = call("c");
        assert!(OVERFLOW.contains(&overflow.name()), "{}", overflow.name());
        overflow.trip();
        assert_eq!(call("c").state(), CircuitState::Open, "it is remembered");
        assert!(registry.get("c").is_none());
        assert!(
            registry
                .get(overflow.name())
                .is_some_and(|it| it.is_same(&overflow))
        );
        add(&registry, "constant");
        assert!(registry.get("constant").is_some());
    }

    #[test]
    fn names_beyond_the_capacity_are_spread_over_a_fixed_number_of_circuits() {
        let registry = Registry::new(0);
        for name in 0..1_000 {
            registry.get_or_register(&computed(&name.to_string()), CONFIG, Location::caller());
        }
        assert_eq!(registry.handles().len(), OVERFLOW.len());
    }

    #[test]
    fn an_overflow_circuit_keeps_the_first_configuration_without_a_clash() {
        let registry = Registry::new(0);
        registry.get_or_register(&computed("a"), CONFIG, Location::caller());
        let other = CONFIG.failure_threshold(9);
        let events = capture::events(|| {
            let circuit = registry.get_or_register(&computed("a"), other, Location::caller());
            assert_eq!(circuit.config(), CONFIG);
        });
        assert_eq!(events, [""; 0]);
    }

    #[test]
    fn removing_makes_room() {
        let registry = Registry::new(1);
        let call = |name| registry.get_or_register(&computed(name), CONFIG, Location::caller());
        call("a");
        assert_ne!(call("b").name(), "b");
        assert!(registry.remove("a").is_some());
        assert!(registry.remove("a").is_none());
        for name in OVERFLOW {
            registry.remove(name);
        }
        assert_eq!(call("b").name(), "b");
    }

    #[test]
    fn a_name_belongs_to_one_circuit_at_a_time() {
        let registry = Registry::new(CAPACITY);
        let [one, two] = [0; 2].map(|_| CircuitBreaker::new("jira", CONFIG));
        assert!(registry.register(one.clone()));
        assert!(!registry.register(two.clone()));
        assert!(!one.is_removed());
        assert!(
            registry
                .remove("jira")
                .is_some_and(|removed| removed.is_same(&one))
        );
        assert!(one.is_removed());
        assert!(registry.register(two.clone()));
        assert!(
            registry
                .get("jira")
                .is_some_and(|found| found.is_same(&two))
        );
        registry.remove("jira");
        assert!(registry.register(one.clone()) && !one.is_removed());
    }
}
