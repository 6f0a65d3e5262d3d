//! A transition from one state to another.

use std::{sync::Arc, time::Duration};

pub(super) use crate::circuit_state::{CircuitState, TransitionReason};

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
    /// The key of the circuit, for a name that has a circuit for each key (`key = …`).
    pub key: Option<String>,
    /// The state that ended.
    pub from: CircuitState,
    /// The state that began.
    pub to: CircuitState,
    /// The state that began is an isolation. `to` is `Open` then.
    pub isolated: bool,
    /// Why the state changed.
    pub reason: TransitionReason,
    /// Failures within the window at that moment.
    pub failures: u32,
    /// The time until the circuit takes a call; `None` if it does not refuse, and if it is isolated
    /// without an end.
    pub retry_after: Option<Duration>,
    /// The text of the error that opened the circuit, by `Display` or else by `Debug`, with control
    /// characters escaped and cut at 256 bytes.
    ///
    /// `None` if no error opened it (a command, a panic, an `Ok` that counts as a failure), if the
    /// error has neither `Display` nor `Debug`, and if the circuit did not open.
    pub last_error: Option<Arc<str>>,
}
