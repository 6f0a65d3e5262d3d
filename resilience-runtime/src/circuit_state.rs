//! The states of a circuit and the reasons of its transitions. Circuits, events and statistics name
//! them, so they stand in a file of their own.

use std::fmt;

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
    /// Somebody gave the circuit a command (`trip`, `isolate`, `reset` or `allow`), or a command
    /// ended.
    Command,
    /// The configuration file switched `enforce`, so that the circuit shows another state than
    /// before. A [`CircuitOpen`](crate::CircuitOpen) never has this reason: it says why the circuit
    /// had opened.
    Config,
    /// The other processes of the fleet opened or closed the circuit, see [`fleet`](crate::fleet).
    Fleet,
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
            Self::Fleet => "fleet",
            Self::Command => "command",
            Self::Config => "config",
        })
    }
}
