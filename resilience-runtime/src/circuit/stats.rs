//! The statistics of a circuit.

use std::{panic::Location, sync::Arc, time::Duration};

use super::{command::CommandRecord, fleet_view::FleetView, transition::CircuitState};

/// A snapshot of one circuit.
///
/// Each count says how often something happened **since the circuit was made**, and is never reset.
/// Three fields speak of the **window** instead, that is of the last `failure_window` or the last
/// `window_calls`: [`failure_count`](Self::failure_count), [`failure_rate`](Self::failure_rate) and
/// [`slow_rate`](Self::slow_rate). The circuit opens by them, and they fall again while
/// [`failures`](Self::failures) only grows.
///
/// Calls go on while the snapshot is taken, so counts may be a call apart from each other.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// breaker.acquire().unwrap().success();
/// breaker.acquire().unwrap().failure();
/// breaker.reset(); // empties the window
/// breaker.acquire().unwrap().failure();
///
/// let stats = breaker.stats();
/// assert_eq!(stats.state, CircuitState::Closed);
/// assert_eq!((stats.successes, stats.failures), (1, 2), "since the circuit was made");
/// assert_eq!((stats.failure_count, stats.failure_threshold), (1, Some(5)), "in the window");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CircuitBreakerStats {
    /// The name of the circuit.
    pub name: String,
    /// The key of the circuit, for a name that has a circuit for each key (`key = …`).
    pub key: Option<String>,
    /// The state that the next call would meet.
    pub state: CircuitState,
    /// The circuit is open because of [`isolate`](crate::CircuitBreaker::isolate), until it is told
    /// otherwise.
    pub isolated: bool,
    /// The state to which the circuit came by its own decisions. It differs from `state` while a
    /// [`command`](Self::command) holds, and in a circuit that is not enforced (`enforce = false`
    /// in the configuration file), which reads closed all the time.
    pub computed_state: CircuitState,
    /// The latest command, as long as it holds. There is none after
    /// [`reset`](crate::CircuitBreaker::reset), and a trip holds until the circuit reads half-open.
    pub command: Option<CommandRecord>,
    /// **In the window:** failures of the last `failure_window` or the last `window_calls`. With a
    /// threshold, at most that many are kept. With `consecutive_failures`, the failures in a row
    /// until now.
    pub failure_count: u32,
    /// The `failure_count` that opens the circuit, which is its `failure_threshold` or its
    /// `consecutive_failures`; `None` if a rate opens it.
    pub failure_threshold: Option<u32>,
    /// **In the window:** the rate of failures. `None` while fewer than `minimum_calls` calls lie
    /// in the window, and if the circuit does not open by a rate.
    pub failure_rate: Option<f64>,
    /// **In the window:** the share of slow calls. `None` while fewer than `minimum_calls` calls
    /// lie in the window, and if the circuit has no `slow_rate`.
    pub slow_rate: Option<f64>,
    /// The text of the error that opened the circuit last, as in
    /// [`Transition::last_error`](crate::Transition::last_error). It stays when the circuit closes.
    pub last_error: Option<Arc<str>>,
    /// **Since the start:** calls that succeeded, or returned an error that does not count as a
    /// failure.
    pub successes: u64,
    /// **Since the start:** calls that failed, panicked or were too slow. With a `slow_rate`, a
    /// slow call is no failure by itself.
    pub failures: u64,
    /// **Since the start:** calls that say nothing about the service.
    pub ignored: u64,
    /// **Since the start:** calls that the circuit did not admit.
    pub refused: u64,
    /// **Since the start:** calls that passed, and that the circuit would have refused if it were
    /// enforced and nobody had [allowed](crate::CircuitBreaker::allow) all calls.
    pub would_refuse: u64,
    /// **Since the start:** admitted calls that ended without an outcome, because their future or
    /// permit was dropped.
    pub abandoned: u64,
    /// **Since the start:** outcomes of calls that were admitted before the latest transition or
    /// reset. They are in none of the counts above.
    pub late: u64,
    /// **Since the start:** how often the circuit opened, isolation included.
    pub opened: u64,
    /// **Since the start:** how often the circuit began to probe.
    pub half_opened: u64,
    /// **Since the start:** how often the circuit closed again.
    pub closed: u64,
    /// The time since the circuit began to read `state`.
    pub time_in_state: Duration,
    /// The time until a call is admitted. `None` if a call is admitted now, and while the circuit
    /// is isolated without an end. See
    /// [`CircuitOpen::retry_after`](crate::CircuitOpen::retry_after).
    pub retry_after: Option<Duration>,
    /// The circuit as its fleet sees it, if a [fleet](crate::fleet) coordinates it.
    pub fleet: Option<FleetView>,
    /// The source line that declared the circuit.
    pub declared_at: &'static Location<'static>,
}
