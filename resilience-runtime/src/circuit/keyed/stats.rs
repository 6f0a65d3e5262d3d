//! The statistics of a name that has a circuit for each key.

use std::{cmp::Reverse, panic::Location};

use crate::{circuit::stats::CircuitBreakerStats, circuit_state::CircuitState};

/// A snapshot of all circuits of a name that has a circuit for each key.
///
/// [`registry::family`](crate::registry::family) returns it. The counts of calls include the keys
/// that were forgotten and the overflow circuit, and never fall.
///
/// ```
/// use resilience::{CircuitBreakerConfig, CircuitBreakerFamily};
///
/// let search = CircuitBreakerFamily::new("search", CircuitBreakerConfig::new());
/// search.acquire("tenant-7")?.success();
/// search.acquire("tenant-8")?.failure();
/// search.circuit("tenant-8").trip();
///
/// let stats = search.stats();
/// assert_eq!((stats.keys, stats.closed, stats.open), (2, 1, 1));
/// assert_eq!((stats.successes, stats.failures), (1, 1));
/// # Ok::<(), resilience::CircuitOpen>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FamilyStats {
    /// The name of the circuits.
    pub name: String,
    /// **Now:** keys that have a circuit.
    pub keys: u64,
    /// The largest number of keys that may have a circuit.
    pub max_keys: u32,
    /// **Now:** keys with a closed circuit.
    pub closed: u64,
    /// **Now:** keys with an open circuit, the isolated ones left out.
    pub open: u64,
    /// **Now:** keys with a half-open circuit.
    pub half_open: u64,
    /// **Now:** keys with an isolated circuit.
    pub isolated: u64,
    /// **Since the start:** calls that shared the overflow circuit.
    pub overflow: u64,
    /// **Since the start:** circuits that were forgotten to make room for another key.
    pub evicted: u64,
    /// **Since the start:** calls that succeeded.
    pub successes: u64,
    /// **Since the start:** calls that failed.
    pub failures: u64,
    /// **Since the start:** calls that say nothing about the service.
    pub ignored: u64,
    /// **Since the start:** calls that were not admitted.
    pub refused: u64,
    /// **Since the start:** admitted calls that ended without an outcome.
    pub abandoned: u64,
    /// **Since the start:** outcomes that came after a transition.
    pub late: u64,
    /// The source line that declared the circuits.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::place"))]
    pub declared_at: &'static Location<'static>,
}

/// The counts of calls of circuits that are forgotten, for the totals.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calls {
    pub(super) successes: u64,
    pub(super) failures: u64,
    pub(super) ignored: u64,
    pub(super) refused: u64,
    pub(super) abandoned: u64,
    pub(super) late: u64,
}

impl Calls {
    pub(super) fn add(&mut self, stats: &CircuitBreakerStats) {
        self.successes += stats.successes;
        self.failures += stats.failures;
        self.ignored += stats.ignored;
        self.refused += stats.refused;
        self.abandoned += stats.abandoned;
        self.late += stats.late;
    }
}

/// The numbers of circuits in each state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct States {
    pub(super) closed: u64,
    pub(super) open: u64,
    pub(super) half_open: u64,
    pub(super) isolated: u64,
}

impl States {
    pub(super) fn add(&mut self, stats: &CircuitBreakerStats) {
        let count = match stats.state {
            _ if stats.isolated => &mut self.isolated,
            CircuitState::Closed => &mut self.closed,
            CircuitState::Open => &mut self.open,
            CircuitState::HalfOpen => &mut self.half_open,
        };
        *count += 1;
    }
}

/// Sorts the open circuits first, then by failures, and keeps `n`.
// It is inlined, as are those who call it, because a program that does not ask compiles no sort.
#[inline]
pub(super) fn worst(mut stats: Vec<CircuitBreakerStats>, n: usize) -> Vec<CircuitBreakerStats> {
    let by_harm = |stats: &CircuitBreakerStats| {
        let is_open = stats.state == CircuitState::Open;
        (Reverse((is_open, stats.failures)), stats.key.clone())
    };
    stats.sort_by_cached_key(by_harm);
    stats.truncate(n);
    stats
}
