//! The handle of a family.

use std::{
    borrow::Cow,
    fmt::{self, Display},
    panic::Location,
    sync::Arc,
};

use super::{family::Family, stats::FamilyStats};
use crate::{
    by_name::Following,
    circuit::{
        breaker::CircuitBreaker,
        command::{Command, GivenCommand},
        config::CircuitBreakerConfig,
        error::CircuitOpen,
        followers::CircuitFollower,
        permit::OwnedPermit,
        stats::CircuitBreakerStats,
    },
    clock,
    events::CommandAction,
    keyed::KeyText,
};

/// A circuit breaker for each key: a tenant, a host or a shard that is down does not stop the
/// calls for the others.
///
/// `#[circuit_breaker(name = "search", key = tenant)]` makes the same of a function. This is a
/// cheap handle: clones are the same family. All its circuits have one configuration, and one name.
///
/// The text of a key, by its `Display`, is the key. There are at most
/// [`max_keys`](CircuitBreakerConfig::max_keys) circuits. A new key beyond that takes the place of
/// the circuit that has been idle the longest, if one equals a new circuit: it is closed, has no
/// failure in its window, is not in use, and its last call ended
/// [`idle`](CircuitBreakerConfig::idle) ago or earlier. Otherwise the new key shares the **overflow
/// circuit**, whose name has `{*}` behind it. So does a key of more than 1 KiB. A circuit that is
/// open, half-open or isolated is never forgotten.
///
/// ```
/// use resilience::{CircuitBreakerConfig, CircuitBreakerFamily, CircuitState};
///
/// let config = CircuitBreakerConfig::new().failure_threshold(1).max_keys(100);
/// let hosts = CircuitBreakerFamily::new("hosts", config);
/// hosts.acquire("one.example")?.failure();
///
/// let open = hosts.acquire("one.example").unwrap_err();
/// assert_eq!((open.name(), open.key()), ("hosts", Some("one.example")));
/// hosts.acquire("two.example")?.success();
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
#[derive(Clone)]
pub struct CircuitBreakerFamily {
    family: Arc<Family>,
}

impl CircuitBreakerFamily {
    /// A family outside the registry, without keys yet. Its statistics say that it was declared
    /// here.
    #[track_caller]
    pub fn new(name: impl Into<Cow<'static, str>>, config: CircuitBreakerConfig) -> Self {
        let family = Family::new(name.into().into(), &config, Location::caller());
        Self::of(Arc::new(family))
    }

    pub(crate) fn of(family: Arc<Family>) -> Self {
        Self { family }
    }

    /// The name of the circuits.
    pub fn name(&self) -> &str {
        self.family.name()
    }

    /// The configuration that the circuits have now.
    pub fn config(&self) -> CircuitBreakerConfig {
        self.family.config()
    }

    /// Gives all circuits another configuration, as [`CircuitBreaker::reconfigure`] does.
    pub fn reconfigure(&self, config: CircuitBreakerConfig) {
        self.family.reconfigure(config);
    }

    /// The circuit of the key. A key without one gets one, or the overflow circuit.
    ///
    /// The handle is for now: ask again for each call, because a circuit that is idle for long may
    /// be forgotten, and the key then gets a new one. A handle of a forgotten circuit works on by
    /// itself.
    ///
    /// ```
    /// use std::io;
    /// use resilience::{CircuitBreakerConfig, CircuitBreakerFamily};
    ///
    /// let hosts = CircuitBreakerFamily::new("hosts", CircuitBreakerConfig::new());
    /// let answer = hosts.circuit("one.example").call(|| Ok::<_, io::Error>(42))?;
    /// assert_eq!(answer, 42);
    /// assert_eq!(hosts.get("one.example").map(|circuit| circuit.stats().successes), Some(1));
    /// # Ok::<(), io::Error>(())
    /// ```
    pub fn circuit(&self, key: impl Display) -> CircuitBreaker {
        let circuit = self
            .family
            .circuit(KeyText::Display(&key))
            .circuit()
            .clone();
        // The handle is used in a moment, so the circuit counts as used.
        if let Some(usage) = circuit.shared().usage() {
            usage.use_at(clock::now());
        }
        circuit
    }

    /// Asks the circuit of the key to admit one call. The circuit is not forgotten while the permit
    /// is out. It may block for as long as [`CircuitBreaker::acquire`].
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken.
    pub fn acquire(&self, key: impl Display) -> Result<OwnedPermit, CircuitOpen> {
        self.family.circuit(KeyText::Display(&key)).acquire_owned()
    }

    /// Does the same as [`acquire`](Self::acquire) for async code, see
    /// [`CircuitBreaker::acquire_async`].
    ///
    /// # Errors
    /// If the circuit is open, or half-open with all its probe slots taken.
    pub async fn acquire_async(&self, key: impl Display) -> Result<OwnedPermit, CircuitOpen> {
        let circuit = self.family.circuit(KeyText::Display(&key));
        circuit.acquire_owned_async().await
    }

    /// The circuit of the key, if it has one of its own.
    pub fn get(&self, key: &str) -> Option<CircuitBreaker> {
        self.family.get(key)
    }

    /// Tells `follower` of all circuits of the family, then of each that comes or goes, until the
    /// returned value is dropped.
    ///
    /// [`fleet::follow_circuits`](crate::fleet::follow_circuits) does so for the families of the
    /// registry. A circuit that comes in the meantime may be told twice.
    pub fn follow_circuits(&self, follower: &Arc<dyn CircuitFollower>) -> Following {
        self.family.followers.add(follower);
        let (family, kept) = (Arc::clone(&self.family), Arc::clone(follower));
        let following = Following::until(move || family.followers.end(&kept));
        for circuit in self.family.handles_and_overflow() {
            follower.came(&circuit);
        }
        following
    }

    /// A snapshot of the statistics of all circuits.
    pub fn stats(&self) -> FamilyStats {
        self.family.stats()
    }

    /// The statistics of the `n` keys that are the worst off: those of open circuits first, then
    /// those with the most failures since the start.
    #[inline]
    pub fn worst_keys(&self, n: usize) -> Vec<CircuitBreakerStats> {
        self.family.worst_keys(n)
    }

    /// Opens all circuits, see [`CircuitBreaker::trip`]. Circuits of later keys begin closed.
    pub fn trip(&self) {
        self.give(CommandAction::Trip, None);
    }

    /// Opens all circuits, see [`CircuitBreaker::trip_with`].
    pub fn trip_with(&self, command: Command) {
        self.give(CommandAction::Trip, Some(command));
    }

    /// Isolates all circuits, see [`CircuitBreaker::isolate`]. Circuits of later keys are isolated,
    /// too, until another command for the family or the end of this one.
    pub fn isolate(&self) {
        self.give(CommandAction::Isolate, None);
    }

    /// Isolates all circuits, see [`isolate`](Self::isolate) and [`CircuitBreaker::isolate_with`].
    pub fn isolate_with(&self, command: Command) {
        self.give(CommandAction::Isolate, Some(command));
    }

    /// Resets all circuits, see [`CircuitBreaker::reset`].
    pub fn reset(&self) {
        self.give(CommandAction::Reset, None);
    }

    /// Resets all circuits, see [`CircuitBreaker::reset_with`].
    pub fn reset_with(&self, command: Command) {
        self.give(CommandAction::Reset, Some(command));
    }

    /// Makes all circuits admit all calls, see [`CircuitBreaker::allow`]. Circuits of later keys do
    /// so, too, until another command for the family or the end of this one.
    ///
    /// ```
    /// use resilience::{CircuitBreakerConfig, CircuitBreakerFamily};
    ///
    /// let hosts = CircuitBreakerFamily::new("hosts", CircuitBreakerConfig::new());
    /// hosts.isolate();
    /// assert!(hosts.acquire("one.example").is_err());
    /// hosts.allow();
    /// hosts.acquire("one.example")?.success();
    /// # Ok::<(), resilience::CircuitOpen>(())
    /// ```
    pub fn allow(&self) {
        self.give(CommandAction::Allow, None);
    }

    /// Makes all circuits admit all calls, see [`allow`](Self::allow) and
    /// [`CircuitBreaker::allow_with`].
    pub fn allow_with(&self, command: Command) {
        self.give(CommandAction::Allow, Some(command));
    }

    fn give(&self, action: CommandAction, command: Option<Command>) {
        self.family.command(GivenCommand::new(action, command));
    }

    /// Makes all circuits refuse calls, or admit all of them, see [`CircuitBreaker::set_enforced`].
    #[doc(hidden)]
    pub fn set_enforced(&self, is_enforced: bool) {
        self.family.set_enforced(is_enforced);
    }
}

impl fmt::Debug for CircuitBreakerFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerFamily")
            .field("name", &self.name())
            .field("config", &self.config())
            .finish_non_exhaustive()
    }
}
