//! The states of a circuit and the transitions between them.

use std::{fmt, sync::Arc, time::Duration};

/// The state that the next call to a circuit meets.
///
/// ```
/// use resilience::CircuitState;
///
/// assert_eq!(CircuitState::HalfOpen.to_string(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CircuitState {
    /// Calls pass, and their outcomes are counted.
    Closed,
    /// Calls are refused.
    Open,
    /// A few calls pass as probes, and the rest are refused.
    HalfOpen,
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        })
    }
}

/// The reason of a transition.
///
/// ```
/// use resilience::TransitionReason;
///
/// assert_eq!(TransitionReason::ProbeFailed.to_string(), "probe_failed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransitionReason {
    /// The failures within the window reached the `failure_threshold`.
    Failures,
    /// The rate of failures within the window reached the `failure_rate`.
    Rate,
    /// The share of slow calls within the window reached the `slow_rate`.
    SlowRate,
    /// The failures in a row reached `consecutive_failures`.
    Consecutive,
    /// A probe failed, so the half-open circuit is open again.
    ProbeFailed,
    /// Enough probes in a row succeeded, so the half-open circuit is closed.
    ProbesSucceeded,
    /// The `recovery_timeout` of an open circuit is over, and a call came.
    RecoveryElapsed,
    /// The program called `trip`, `isolate` or `reset`.
    Command,
}

impl fmt::Display for TransitionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Failures => "failures",
            Self::Rate => "rate",
            Self::SlowRate => "slow_rate",
            Self::Consecutive => "consecutive",
            Self::ProbeFailed => "probe_failed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::RecoveryElapsed => "recovery_elapsed",
            Self::Command => "command",
        })
    }
}

/// A transition from one state to another, as
/// [`CircuitBreaker::on_transition`](crate::CircuitBreaker::on_transition) sees it.
///
/// `from` and `to` are both `Open` when an open circuit is isolated, and when an isolated one is
/// tripped.
///
/// ```
/// use std::sync::mpsc;
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, TransitionReason};
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// let (sender, receiver) = mpsc::channel();
/// breaker.on_transition(move |transition| sender.send(transition.clone()).unwrap());
///
/// breaker.trip();
/// let transition = receiver.try_recv().unwrap();
/// assert_eq!((transition.name.as_str(), transition.to), ("search", CircuitState::Open));
/// assert_eq!(transition.reason, TransitionReason::Command);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The name of the circuit.
    pub name: String,
    /// The state that ended.
    pub from: CircuitState,
    /// The state that began.
    pub to: CircuitState,
    /// Why the state changed.
    pub reason: TransitionReason,
    /// Failures within the window at that moment.
    pub failures: u32,
    /// The time until the circuit probes; `None` if it does not refuse, and if it is isolated.
    pub retry_after: Option<Duration>,
    /// The text of the error that opened the circuit, by `Display` or else by `Debug`, with control
    /// characters escaped and cut at 256 bytes.
    ///
    /// `None` if no error opened it (a command, a panic, an `Ok` that counts as a failure), if the
    /// error has neither `Display` nor `Debug`, and if the circuit did not open.
    pub last_error: Option<Arc<str>>,
}
