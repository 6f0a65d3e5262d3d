//! All circuits of the process, by name.
//!
//! A `#[circuit_breaker]` registers its circuit on the first call. The same name is the same
//! circuit, whether the functions are sync or async; if the configurations of two source lines
//! differ, the first is kept and the log tells of the clash once, as an ERROR with both places.
//! Another value of the same line is taken, until a value returns that the circuit had before, or
//! the line has had 64 values and declares another one: then several objects with different values
//! stand at the line, the present value stays, and the log says so once, as an ERROR.
//! [`CircuitBreaker::reconfigure`] ends this, too: no line changes the configuration after it.
//!
//! # The bound
//!
//! A name that is computed from input (a URL, a user) could name any number of circuits, so there
//! is a bound. Once 10,000 circuits are registered, further computed names share 16 overflow
//! circuits: the hash of a name chooses the one, so a name keeps its circuit, and a service that is
//! down is still found out, together with others. An overflow circuit has the configuration of the
//! call that used it first, and its name is like `registry overflow 3 of 16`, in statistics and in
//! [`CircuitOpen`](crate::CircuitOpen). The log says so once, as an ERROR. Constant names, as those
//! of the attributes, and circuits that [`register`] is given are always registered, because there
//! are only as many as the program has. [`remove`] makes room.
//!
//! # Names with keys
//!
//! An attribute with `key = …` registers a [family](CircuitBreakerFamily): a circuit for each key.
//! [`family`] returns its statistics, [`worst_keys`] those of the keys that are the worst off, and
//! [`get_key`] the circuit of one key. Commands by the name act on the circuits of all keys. The
//! circuit that keys without one share is found by the name with `{*}` behind it.
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

mod budgets;
mod bulkheads;
mod by_hand;
mod control;
mod families;
#[cfg(feature = "config")]
pub(crate) mod file;
mod follow;
#[cfg(feature = "test-util")]
mod force;
#[cfg(feature = "test-util")]
mod forced;
mod health;
#[cfg(feature = "config")]
mod in_file;
#[cfg(not(feature = "config"))]
#[path = "no_file.rs"]
mod in_file;
pub(crate) mod keyed_site;
mod name_taken;
mod newest;
mod rate_limits;
pub(crate) mod site;
mod site_name;
mod snapshot;
mod table;

use std::{borrow::Cow, collections::BTreeMap, panic::Location};

use self::{families::FAMILIES, table::REGISTRY};
use crate::{
    budget,
    bulkhead::Bulkhead,
    circuit::{
        CircuitBreaker, CircuitBreakerConfig, CircuitBreakerFamily, CircuitBreakerStats,
        FamilyStats, TransitionRecord,
    },
    limiter::Registered,
    operation::{self, OperationStats},
    rate_limit::RateLimit,
    settings::LayerOptions,
    timeout,
};

#[cfg(feature = "test-util")]
pub(crate) use self::force::{end_force, force};
pub use self::{
    budgets::{budget, register_budget},
    bulkheads::{bulkhead, bulkhead_of_key, get_or_register_bulkhead, reconfigure_bulkhead},
    control::{allow, allow_with, isolate, isolate_with, reset, reset_with, trip, trip_with},
    follow::{follow_circuits, follow_rate_limits},
    health::{Health, HealthStatus},
    name_taken::NameTaken,
    rate_limits::{
        get_or_register_rate_limit, rate_limit, rate_limit_of_key, reconfigure_rate_limit,
    },
    snapshot::{ProcessInfo, RegistrySnapshot},
};

/// The circuit of that name; a new one, declared here, if there is none.
///
/// If there is one with another configuration, it takes this one if the same source line registered
/// it, see [the module](self). Otherwise it keeps its own, and the clash is logged once per name. A
/// computed name beyond the [bound](self) gets a circuit that it shares.
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
    REGISTRY.get_or_register(&name.into().into(), config, Location::caller())
}

/// Registers a circuit that the program made with [`CircuitBreaker::new`], under its own name.
///
/// Attributes and [`get_or_register`] then find it by that name. A circuit that is registered
/// already stays so.
///
/// # Errors
/// If another circuit has the name. [`remove`] frees it. The circuit of a key has the name of its
/// family, so it cannot be registered by itself.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, registry};
///
/// let breaker = CircuitBreaker::new("ledger", CircuitBreakerConfig::new());
/// registry::register(breaker.clone())?;
/// assert!(registry::trip("ledger"));
///
/// let other = CircuitBreaker::new("ledger", CircuitBreakerConfig::new());
/// assert_eq!(registry::register(other).unwrap_err().name(), "ledger");
/// # Ok::<(), registry::NameTaken>(())
/// ```
pub fn register(breaker: CircuitBreaker) -> Result<(), NameTaken> {
    let (name, declared_at) = (breaker.name().to_owned(), breaker.declared_at());
    if breaker.key().is_none() && REGISTRY.register(breaker) {
        FAMILIES.report_same_name(&name, declared_at);
        Ok(())
    } else {
        Err(NameTaken::circuit(name))
    }
}

/// Takes the circuit of that name out of the registry and returns it, if there is one.
///
/// Handles and permits of the circuit work on. The next call of an attribute with the name
/// registers a new circuit, closed and with statistics of its own. An attribute keeps the memory of
/// each circuit that it has used, because a call may still be under way in it.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, CircuitState, registry};
/// let old = registry::get_or_register("tenant-7", CircuitBreakerConfig::new());
/// old.trip();
/// assert!(registry::remove("tenant-7").is_some());
/// assert!(registry::get("tenant-7").is_none());
///
/// let new = registry::get_or_register("tenant-7", CircuitBreakerConfig::new());
/// assert_eq!((old.state(), new.state()), (CircuitState::Open, CircuitState::Closed));
/// ```
pub fn remove(name: &str) -> Option<CircuitBreaker> {
    REGISTRY.remove(name)
}

/// The circuit of that name, if one is registered. There is none for a name with keys, see
/// [`get_key`].
///
/// ```
/// # use resilience::registry;
/// assert!(registry::get("never_called").is_none());
/// ```
pub fn get(name: &str) -> Option<CircuitBreaker> {
    REGISTRY.get(name).or_else(|| FAMILIES.overflow(name))
}

/// The statistics of the circuit of that name. There are none for a name with keys, see [`family`].
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// registry::get_or_register("billing", CircuitBreakerConfig::new());
/// assert_eq!(registry::stats("billing").map(|stats| stats.successes), Some(0));
/// ```
pub fn stats(name: &str) -> Option<CircuitBreakerStats> {
    get(name).map(|circuit| circuit.stats())
}

/// The latest transitions of the circuit of that name, at most 32, the oldest first. There are none
/// if no circuit has the name. For a name with keys they are those of all its circuits; a key that
/// was forgotten takes its transitions with it.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, CircuitState, registry};
/// registry::get_or_register("history_doc", CircuitBreakerConfig::new()).trip();
/// registry::reset("history_doc");
///
/// let states: Vec<_> = registry::history("history_doc").iter().map(|past| past.to).collect();
/// assert_eq!(states, [CircuitState::Open, CircuitState::Closed]);
/// ```
#[inline]
pub fn history(name: &str) -> Vec<TransitionRecord> {
    if let Some(family) = FAMILIES.get(name) {
        return family.history();
    }
    get(name).map_or_else(Vec::new, |circuit| circuit.history())
}

/// The statistics of all circuits, by name. Calls go on while they are read. Names with keys are
/// left out, see [`family`]; of those there is only the circuit that keys share. If a circuit is
/// registered under the name of that one, the registered circuit is listed, as [`get`] returns it.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// registry::get_or_register("search", CircuitBreakerConfig::new());
/// assert!(registry::all_stats().contains_key("search"));
/// ```
// It is inlined, because a program that does not ask compiles no map.
#[inline]
pub fn all_stats() -> BTreeMap<String, CircuitBreakerStats> {
    let stats = stats_by_name().into_iter();
    stats.map(|stats| (stats.name.clone(), stats)).collect()
}

/// The statistics that [`all_stats`] returns, sorted by name.
// It is inlined, as are those who call it, because a program that does not ask compiles no sort.
#[inline]
pub(crate) fn stats_by_name() -> Vec<CircuitBreakerStats> {
    let shared = FAMILIES.overflows();
    let shared = shared.filter(|circuit| REGISTRY.get(circuit.name()).is_none());
    stats_with(shared)
}

/// The statistics of the registered circuits and of the circuits that keys share, sorted by name.
#[inline]
fn stats_with(shared: impl Iterator<Item = CircuitBreaker>) -> Vec<CircuitBreakerStats> {
    let mut circuits = REGISTRY.handles();
    circuits.extend(shared);
    circuits.sort_unstable_by(|one, other| one.name().cmp(other.name()));
    circuits.iter().map(CircuitBreaker::stats).collect()
}

/// The circuits of that name, one for each key; a new family, declared here, if there is none.
///
/// If there is one with another configuration, it takes this one or keeps its own, as
/// [`get_or_register`] does. The name is a constant, because the keys are what is computed.
///
/// ```
/// use resilience::{CircuitBreakerConfig, registry};
///
/// let hosts = registry::get_or_register_family("hosts", CircuitBreakerConfig::new());
/// hosts.acquire("one.example")?.success();
/// assert_eq!(registry::family("hosts").map(|stats| stats.successes), Some(1));
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
#[track_caller]
pub fn get_or_register_family(
    name: &'static str,
    config: CircuitBreakerConfig,
) -> CircuitBreakerFamily {
    CircuitBreakerFamily::of(FAMILIES.get_or_register(
        name,
        &config,
        LayerOptions::default(),
        Location::caller(),
    ))
}

/// The statistics of a name with keys, over all its circuits.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let shards = registry::get_or_register_family("shards", CircuitBreakerConfig::new());
/// shards.acquire(3)?.success();
/// let stats = registry::family("shards").unwrap();
/// assert_eq!((stats.keys, stats.closed, stats.successes), (1, 1, 1));
/// assert!(registry::stats("shards").is_none());
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
pub fn family(name: &str) -> Option<FamilyStats> {
    FAMILIES.get(name).map(|family| family.stats())
}

/// The statistics of all names with keys, sorted by name. [`all_stats`] leaves these names out.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let replicas = registry::get_or_register_family("replicas", CircuitBreakerConfig::new());
/// replicas.acquire("eu-1")?.success();
/// let families = registry::families();
/// let replicas = families.iter().find(|stats| stats.name == "replicas").unwrap();
/// assert_eq!((replicas.keys, replicas.successes), (1, 1));
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
pub fn families() -> Vec<FamilyStats> {
    let families = FAMILIES.handles().into_iter();
    families.map(|family| family.stats()).collect()
}

/// The statistics of the `n` keys of a name that are the worst off: those of open circuits first,
/// then those with the most failures since the start. There are none for a name without keys.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let mirrors = registry::get_or_register_family("mirrors", CircuitBreakerConfig::new());
/// mirrors.acquire("one.example")?.failure();
/// mirrors.acquire("two.example")?.success();
/// let worst = registry::worst_keys("mirrors", 1);
/// assert_eq!(worst[0].key.as_deref(), Some("one.example"));
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
#[inline]
pub fn worst_keys(name: &str, n: usize) -> Vec<CircuitBreakerStats> {
    FAMILIES
        .get(name)
        .map_or_else(Vec::new, |family| family.worst_keys(n))
}

/// The circuit of a key of that name, if the key has one of its own.
///
/// ```
/// # use resilience::{CircuitBreakerConfig, registry};
/// let tenants = registry::get_or_register_family("tenants", CircuitBreakerConfig::new());
/// tenants.acquire("tenant-7")?.failure();
/// let circuit = registry::get_key("tenants", "tenant-7").unwrap();
/// circuit.isolate();
/// assert_eq!(tenants.acquire("tenant-7").unwrap_err().key(), Some("tenant-7"));
/// assert!(registry::get_key("tenants", "tenant-8").is_none());
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
pub fn get_key(name: &str, key: &str) -> Option<CircuitBreaker> {
    FAMILIES.get(name)?.get(key)
}

/// The statistics of all operations, that is of the annotated functions that have run, sorted by
/// name.
///
/// A function is listed from its first call on, and so is the circuit that its `#[circuit_breaker]`
/// names. A circuit that is to be listed from the start of the program is registered there by
/// [`get_or_register`], with the configuration of the attribute.
///
/// ```
/// use resilience::{registry, timeout};
///
/// #[timeout(1m, mode = cooperative, operation = "registry_doc.parse")]
/// fn parse(text: &str) -> Result<u32, std::io::Error> {
///     text.parse().map_err(std::io::Error::other)
/// }
///
/// parse("7")?;
/// let listed = registry::operations();
/// assert!(listed.iter().any(|stats| stats.name == "registry_doc.parse"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn operations() -> Vec<OperationStats> {
    let operations = operation::operations().into_iter();
    operations.map(by_hand::with_reconfigured).collect()
}

/// The statistics of the operation of that name, if a function with the name has run.
///
/// ```
/// # use resilience::registry;
/// assert!(registry::operation("never_called").is_none());
/// ```
pub fn operation(name: &str) -> Option<OperationStats> {
    operation::operation(name).map(by_hand::with_reconfigured)
}

/// The statistics of the whole process in one value. Calls go on while it is taken, so that counts
/// may be a call apart from each other.
///
/// ```
/// use resilience::{CircuitBreakerConfig, registry};
///
/// registry::get_or_register("snapshot_doc", CircuitBreakerConfig::new());
/// let snapshot = registry::snapshot();
/// assert_eq!(snapshot.process.id, std::process::id());
/// assert!(snapshot.circuits.iter().any(|circuit| circuit.name == "snapshot_doc"));
/// ```
#[inline]
pub fn snapshot() -> RegistrySnapshot {
    RegistrySnapshot::take(
        stats_by_name(),
        families(),
        operations(),
        budget::all_stats(),
        Bulkhead::names().all_stats(),
        RateLimit::names().all_stats(),
        timeout::worker_stats(),
    )
}

/// The health of the process for a readiness page: the circuits that refuse calls now.
///
/// A half-open circuit is not listed. It takes the next call as a probe, and without calls it would
/// stay half-open for ever.
///
/// # Never for liveness
///
/// A probe of liveness restarts the process when it fails. An open circuit says that a dependency
/// is down, and a restart does not bring that back: the process would start again and again, lose
/// its warm caches and its circuits, and call the dependency from the beginning each time. Many
/// replicas do this together. For the same reason a readiness probe should fail only if the process
/// can do nothing without the dependency, because all replicas would leave the load balancer at
/// once.
///
/// ```
/// use resilience::{CircuitBreakerConfig, registry, registry::HealthStatus};
///
/// registry::get_or_register("health_doc", CircuitBreakerConfig::new()).isolate();
/// let health = registry::health();
/// assert_eq!(health.status, HealthStatus::Degraded);
/// assert!(health.open.contains(&"health_doc".to_owned()));
/// ```
#[inline]
pub fn health() -> Health {
    // A circuit that keys share may be open while the registered circuit of its name is closed.
    Health::of(stats_with(FAMILIES.overflows()), families())
}

/// Resets all circuits, those under a command too.
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
    for family in FAMILIES.handles() {
        CircuitBreakerFamily::of(family).reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CircuitState, circuit::capture};

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

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
        assert_eq!(circuit.stats().declared_at.file(), file!());
    }

    #[test]
    fn a_taken_name_is_told_and_cannot_forge_a_line() {
        let name = "registry::taken\nERROR forged";
        let first = CircuitBreaker::new(name, CONFIG);
        assert_eq!(register(first.clone()), Ok(()));
        assert_eq!(register(first), Ok(()), "it is registered already");
        let taken = register(CircuitBreaker::new(name, CONFIG)).expect_err("taken");
        assert_eq!(taken.name(), name);
        assert_eq!(
            taken.to_string(),
            r"another circuit is registered as `registry::taken\nERROR forged`"
        );
    }

    #[test]
    fn a_circuit_with_the_name_of_an_overflow_circuit_is_listed_alone_and_reported() {
        const NAME: &str = "registry::shared{*}";
        let long_key = "k".repeat(2_000);
        let events = capture::events(|| {
            get_or_register(NAME, CONFIG);
            let family = get_or_register_family("registry::shared", CONFIG.failure_threshold(1));
            family.acquire(&long_key).expect("closed").failure();
        });
        let [event, _, _] = &events[..] else {
            panic!("the name, the long key and the opening, not {events:?}")
        };
        assert!(
            event.contains("the name of the overflow circuit"),
            "{event}"
        );
        let place = format!("declared_at={}:", file!());
        assert!(
            event.contains(&place) && event.contains("keyed_at="),
            "{event}"
        );

        let listed = stats_by_name();
        let listed = listed.iter().filter(|stats| stats.name == NAME);
        let states: Vec<_> = listed.map(|stats| stats.state).collect();
        assert_eq!(states, [CircuitState::Closed], "the one that `get` returns");
        assert_eq!(get(NAME).map(|circuit| circuit.state()), Some(states[0]));
        let open = health().open;
        let open = open.iter().filter(|name| *name == NAME);
        assert_eq!(open.count(), 1, "the other one refuses calls");
        trip(NAME);
        let open = health().open;
        assert_eq!(open.iter().filter(|name| *name == NAME).count(), 1);
    }

    #[test]
    fn a_circuit_that_is_registered_behind_a_family_of_its_name_is_reported() {
        get_or_register_family("registry::keyed", CONFIG);
        let events = capture::events(|| {
            for name in ["registry::keyed", "registry::keyed{*}"] {
                register(CircuitBreaker::new(name, CONFIG)).expect("it is free");
            }
        });
        let [one, other] = &events[..] else {
            panic!("one for each, not {events:?}")
        };
        assert!(one.contains("circuits per key have one name"), "{one}");
        assert!(
            other.contains("the name of the overflow circuit"),
            "{other}"
        );
    }
}
