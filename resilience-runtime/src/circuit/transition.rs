//! The states of a circuit and the steps between them.

use std::{fmt, time::Duration};

/// What the next call to a circuit meets.
///
/// ```
/// use resilience::CircuitState;
///
/// assert_eq!(CircuitState::HalfOpen.to_string(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CircuitState {
    /// Calls pass and are watched.
    Closed,
    /// Calls are refused.
    Open,
    /// A few calls pass as probes, the rest are refused.
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

/// A step from one state to another, as [`CircuitBreaker::on_transition`](crate::CircuitBreaker::on_transition) sees it.
///
/// `from` and `to` are both `Open` when an open circuit is isolated, and when an isolated one is tripped.
///
/// ```
/// use std::sync::mpsc;
/// use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
///
/// let breaker = CircuitBreaker::new("search", CircuitBreakerConfig::new());
/// let (sender, receiver) = mpsc::channel();
/// breaker.on_transition(move |step| sender.send(step.to).unwrap());
///
/// breaker.trip();
/// assert_eq!(receiver.try_recv(), Ok(CircuitState::Open));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state that ended.
    pub from: CircuitState,
    /// The state that began.
    pub to: CircuitState,
    /// Failures within the window at that moment.
    pub failures: u32,
    /// How long the circuit will refuse; `None` if it does not, and if it is isolated.
    pub retry_after: Option<Duration>,
}
