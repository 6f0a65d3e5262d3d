//! A circuit's statistics.

use std::{panic::Location, time::Duration};

use super::transition::CircuitState;

/// A snapshot of one circuit. Counts run from the circuit's creation and are never reset.
///
/// Calls go on while it is taken, so counts may be a call apart from each other.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// breaker.acquire().unwrap().success();
/// breaker.acquire().unwrap().failure();
///
/// let stats = breaker.stats();
/// assert_eq!(stats.state, CircuitState::Closed);
/// assert_eq!((stats.successes, stats.failures), (1, 1));
/// assert_eq!((stats.failure_count, stats.failure_threshold), (1, Some(5)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CircuitBreakerStats {
    /// The circuit's name.
    pub name: String,
    /// What the next call would meet.
    pub state: CircuitState,
    /// Failures that lie in the window now; with a threshold, at most that many.
    pub failure_count: u32,
    /// The failures at which the circuit opens; `None` in rate mode.
    pub failure_threshold: Option<u32>,
    /// The rate of failures in the window now; `None` below `minimum_calls`, and without a rate to hold it against.
    pub failure_rate: Option<f64>,
    /// Calls that succeeded, or returned an error that does not count.
    pub successes: u64,
    /// Calls that failed, panicked or were too slow.
    pub failures: u64,
    /// Calls that count as nothing.
    pub ignored: u64,
    /// Calls that were not admitted.
    pub refused: u64,
    /// Calls that were dropped without a verdict.
    pub abandoned: u64,
    /// Verdicts on calls that were admitted before the latest transition or reset; in none of the counts above.
    pub late: u64,
    /// How often the circuit opened, isolation included.
    pub opened: u64,
    /// How often it began to probe.
    pub half_opened: u64,
    /// How often it closed again.
    pub closed: u64,
    /// How long `state` has lasted.
    pub time_in_state: Duration,
    /// How long until a call is admitted; `None` if it would be now, and while isolated. See
    /// [`CircuitOpen::retry_after`](crate::CircuitOpen::retry_after).
    pub retry_after: Option<Duration>,
    /// Where the circuit was declared.
    pub declared_at: Option<&'static Location<'static>>,
}
