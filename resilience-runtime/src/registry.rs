//! All circuits of the process, by name.
//!
//! A `#[circuit_breaker]` registers its circuit on the first call. The same name is the same circuit, whether the
//! functions are sync or async; if the configurations differ, the first is kept and the log tells of the clash once,
//! as an ERROR with both places.
//!
//! Circuits are never removed. A name that is computed from what comes in from outside (a URL, a user) would therefore
//! be a leak, so there is a bound: once 10 000 circuits are registered, a further computed name gets a circuit of its
//! own outside of the registry, new at each call, and the log says so once, as an ERROR. Constant names, as those of the
//! attributes, are always registered: there are only as many as the program has.
//!
//! ```
//! use resilience::{CircuitBreakerConfig, CircuitState, registry};
//!
//! let breaker = registry::get_or_register("llm_api", CircuitBreakerConfig::new());
//! assert!(registry::isolate("llm_api"));
//! assert_eq!(breaker.state(), CircuitState::Open);
//!
//! for (name, stats) in registry::all_stats() {
//!     println!("{name}: {}, {} refused", stats.state, stats.refused);
//! }
//! registry::reset_all();
//! assert_eq!(breaker.state(), CircuitState::Closed);
//! ```

use std::{
    borrow::{Borrow, Cow},
    collections::{BTreeMap, HashSet},
    hash::{Hash, Hasher},
    panic::Location,
    // Not from `crate::sync`: loom's cannot be statics.
    sync::{
        LazyLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::circuit::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, Name, log};

/// A service has tens of dependencies, not thousands; this many circuits take 4 MB.
const CAPACITY: usize = 10_000;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(CAPACITY));

/// The circuit of that name; a new one, declared here, if there is none.
///
/// If there is one with another configuration, it keeps its own, and the clash is logged once per name. A computed name
/// beyond the [bound](self) gets a circuit that nobody else gets.
///
/// ```
/// use resilience::{CircuitBreakerConfig, registry};
///
/// let one = registry::get_or_register("jira", CircuitBreakerConfig::new());
/// let two = registry::get_or_register("jira", CircuitBreakerConfig::new());
/// one.isolate();
/// assert_eq!(two.state(), one.state());
/// ```
#[track_caller]
pub fn get_or_register(
    name: impl Into<Cow<'static, str>>,
    config: CircuitBreakerConfig,
) -> CircuitBreaker {
    register(name.into().into(), config, Location::caller())
}

pub(crate) fn register(
    name: Name,
    config: CircuitBreakerConfig,
    place: &'static Location<'static>,
) -> CircuitBreaker {
    REGISTRY.register(name, config, place)
}

/// The circuit of that name, if one is registered.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::get("never_called").is_none());
/// ```
pub fn get(name: &str) -> Option<CircuitBreaker> {
    REGISTRY.get(name)
}

/// The statistics of the circuit of that name.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// registry::get_or_register("billing", CircuitBreakerConfig::new());
/// assert_eq!(registry::stats("billing").map(|stats| stats.successes), Some(0));
/// ```
pub fn stats(name: &str) -> Option<CircuitBreakerStats> {
    get(name).map(|circuit| circuit.stats())
}

/// The statistics of all circuits, by name. Calls go on while they are read.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// registry::get_or_register("search", CircuitBreakerConfig::new());
/// assert!(registry::all_stats().contains_key("search"));
/// ```
pub fn all_stats() -> BTreeMap<String, CircuitBreakerStats> {
    REGISTRY.all_stats()
}

/// Resets the circuit of that name, see [`CircuitBreaker::reset`]. Whether there is one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// registry::get_or_register("mail", CircuitBreakerConfig::new());
/// assert!(registry::reset("mail"));
/// assert!(!registry::reset("never_called"));
/// ```
pub fn reset(name: &str) -> bool {
    REGISTRY.act(name, CircuitBreaker::reset)
}

/// Trips the circuit of that name, see [`CircuitBreaker::trip`]. Whether there is one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, CircuitState, registry};
/// let breaker = registry::get_or_register("mail", CircuitBreakerConfig::new());
/// assert!(registry::trip("mail"));
/// assert_eq!(breaker.state(), CircuitState::Open);
/// ```
pub fn trip(name: &str) -> bool {
    REGISTRY.act(name, CircuitBreaker::trip)
}

/// Isolates the circuit of that name, see [`CircuitBreaker::isolate`]. Whether there is one.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let breaker = registry::get_or_register("mail", CircuitBreakerConfig::new());
/// assert!(registry::isolate("mail"));
/// assert_eq!(breaker.acquire().unwrap_err().retry_after(), None);
/// ```
pub fn isolate(name: &str) -> bool {
    REGISTRY.act(name, CircuitBreaker::isolate)
}

/// Resets all circuits, isolated ones too.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, CircuitState, registry};
/// let breaker = registry::get_or_register("mail", CircuitBreakerConfig::new());
/// breaker.trip();
/// registry::reset_all();
/// assert_eq!(breaker.state(), CircuitState::Closed);
/// ```
pub fn reset_all() {
    REGISTRY.handles().iter().for_each(CircuitBreaker::reset);
}

/// A circuit as its name, which it holds already: a map from the one to the other would hold it once more.
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

/// Circuits are never removed, so a handle once found stays the one of its name.
struct Registry {
    circuits: RwLock<HashSet<ByName>>,
    capacity: usize,
    overflow_reported: AtomicBool,
}

impl Registry {
    fn new(capacity: usize) -> Self {
        Self {
            circuits: RwLock::default(),
            capacity,
            overflow_reported: AtomicBool::new(false),
        }
    }

    fn register(
        &self,
        name: Name,
        config: CircuitBreakerConfig,
        place: &'static Location<'static>,
    ) -> CircuitBreaker {
        let circuit = self
            .get(&name)
            .unwrap_or_else(|| self.insert(name, config, place));
        circuit.check(&config, place);
        circuit
    }

    fn insert(
        &self,
        name: Name,
        config: CircuitBreakerConfig,
        place: &'static Location<'static>,
    ) -> CircuitBreaker {
        let is_constant = name.is_constant();
        let circuit = CircuitBreaker::declared_at(name, config, place);
        {
            let mut circuits = self
                .circuits
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            // Another thread may have been faster since the name was looked up.
            if let Some(ByName(faster)) = circuits.get(circuit.name()) {
                return faster.clone();
            }
            if is_constant || circuits.len() < self.capacity {
                circuits.insert(ByName(circuit.clone()));
                return circuit;
            }
        }
        if !self.overflow_reported.swap(true, Ordering::Relaxed) {
            log::registry_full(circuit.name(), self.capacity, place);
        }
        circuit
    }

    fn get(&self, name: &str) -> Option<CircuitBreaker> {
        let circuits = self.circuits.read().unwrap_or_else(PoisonError::into_inner);
        circuits.get(name).map(|ByName(circuit)| circuit.clone())
    }

    fn act(&self, name: &str, action: impl FnOnce(&CircuitBreaker)) -> bool {
        self.get(name).as_ref().map(action).is_some()
    }

    /// A copy, so that nothing done with the circuits is done under the lock.
    fn handles(&self) -> Vec<CircuitBreaker> {
        let circuits = self.circuits.read().unwrap_or_else(PoisonError::into_inner);
        circuits
            .iter()
            .map(|ByName(circuit)| circuit.clone())
            .collect()
    }

    fn all_stats(&self) -> BTreeMap<String, CircuitBreakerStats> {
        let stats = |circuit: CircuitBreaker| (circuit.name().to_owned(), circuit.stats());
        self.handles().into_iter().map(stats).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CircuitState, circuit::capture};

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

    #[track_caller]
    fn add(registry: &Registry, name: &'static str) -> CircuitBreaker {
        registry.register(Name::Static(name), CONFIG, Location::caller())
    }

    #[test]
    fn the_same_name_is_the_same_circuit() {
        let registry = Registry::new(CAPACITY);
        add(&registry, "jira").isolate();
        let computed = Name::from(Cow::Owned(String::from("jira")));
        let again = registry.register(computed, CONFIG, Location::caller());
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
                let circuit = registry.register(Name::Static("jira"), other, Location::caller());
                assert_eq!(circuit.config(), &CONFIG);
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
    fn all_statistics_are_sorted_by_name() {
        let registry = Registry::new(CAPACITY);
        for name in ["search", "jira", "llm"] {
            add(&registry, name);
        }
        add(&registry, "jira").isolate();
        let stats = registry.all_stats();
        assert_eq!(stats.keys().collect::<Vec<_>>(), ["jira", "llm", "search"]);
        assert_eq!(stats["jira"].state, CircuitState::Open);
        assert_eq!(stats["llm"].name, "llm");
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
        assert_eq!(registry.all_stats()["jira"].successes, 4);
    }

    #[test]
    fn the_public_functions_reach_the_registry_of_the_process() {
        let circuit = get_or_register("registry::public", CONFIG);
        assert!(isolate("registry::public"));
        assert!(trip("registry::public"));
        assert_eq!(stats("registry::public").map(|stats| stats.opened), Some(1));
        assert!(all_stats().contains_key("registry::public"));
        assert!(reset("registry::public"));
        assert_eq!(
            get("registry::public").map(|c| c.state()),
            Some(circuit.state())
        );
        assert!(
            circuit
                .stats()
                .declared_at
                .is_some_and(|at| at.file() == file!())
        );
    }

    #[test]
    fn beyond_its_capacity_computed_names_stay_outside_and_the_log_says_so_once() {
        let registry = Registry::new(2);
        let computed = |name: &str| Name::from(Cow::Owned(String::from(name)));
        let mut circuits = Vec::new();
        let events = capture::events(|| {
            for name in ["a", "b", "c", "c", "d", "a"] {
                circuits.push(registry.register(computed(name), CONFIG, Location::caller()));
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

        circuits.iter().for_each(CircuitBreaker::trip);
        assert_eq!(
            registry.all_stats().into_keys().collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert!(
            circuits.iter().all(|circuit| circuit.stats().opened == 1),
            "each works for itself"
        );
        assert_eq!(
            add(&registry, "a").stats().opened,
            1,
            "and what was registered is still found"
        );
        add(&registry, "constant");
        assert!(registry.get("constant").is_some());
    }
}
