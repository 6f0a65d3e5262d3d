//! The events and what each of them says.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use super::gave_up::GaveUpReason;
use crate::circuit_state::{CircuitState, TransitionReason};

/// One event: the moment, the operation and what happened.
///
/// A listener that [`subscribe`](super::subscribe) adds gets it by reference. The texts in it are
/// borrowed, so a listener that keeps one copies it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The moment of the event by the system's clock. It is not the clock of circuits and
    /// timeouts, so it goes on while a test pauses that clock.
    pub at: SystemTime,
    /// The name of the annotated function whose call caused the event, where the policy knows it.
    ///
    /// [`EventKind`] says for each kind where it is `None`.
    pub operation: Option<&'a str>,
    /// The kind of the event, with its facts.
    pub kind: EventKind<'a>,
}

/// The kind of an event, with its facts.
///
/// The enum and its variants may grow, so a `match` needs a `_` arm, and the pattern of a variant
/// needs `..`.
///
/// A text of an error is its `Display` (else its `Debug`, else the name of its type). Its control
/// characters are escaped, and it is cut at 256 bytes.
///
/// ```
/// use resilience::events::EventKind;
///
/// fn line(kind: &EventKind<'_>) -> Option<String> {
///     match kind {
///         EventKind::StateChanged { circuit, from, to, reason, .. } => {
///             Some(format!("{circuit}: {from} -> {to} because of {reason}"))
///         }
///         EventKind::GaveUp { attempts, reason, .. } => {
///             Some(format!("gave up after {attempts} attempts: {reason}"))
///         }
///         _ => None,
///     }
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A circuit went from one state to another.
    ///
    /// The events of one circuit arrive in the order of their `generation`. Where two threads
    /// change the circuit at nearly the same time, one of them tells of both changes. `operation`
    /// is `None`, because a circuit is shared by operations.
    #[non_exhaustive]
    StateChanged {
        /// The name of the circuit.
        circuit: &'a str,
        /// The key of the circuit, for a name with `key`.
        key: Option<&'a str>,
        /// The state that ended.
        from: CircuitState,
        /// The state that began.
        to: CircuitState,
        /// The state that began is an isolation. `to` is `Open` then.
        isolated: bool,
        /// Why the state changed.
        reason: TransitionReason,
        /// The number of failures within the window at that moment.
        failures: u32,
        /// The rate of failures within the window at that moment, from 0 to 1. It is `None` below
        /// `minimum_calls` and for a circuit that does not open by a rate.
        failure_rate: Option<f64>,
        /// The text of the error that opened the circuit, where one did and can be shown.
        last_error: Option<&'a str>,
        /// The time until the circuit takes a call. It is `None` if the circuit does not refuse,
        /// and if it is isolated without an end.
        retry_after: Option<Duration>,
        /// A number that is greater with each change of the circuit. A number may be left out.
        generation: u64,
    },
    /// A circuit refused a call. `operation` is the annotated function, and `None` for a circuit
    /// that is used as a value.
    #[non_exhaustive]
    Refused {
        /// The name of the circuit.
        circuit: &'a str,
        /// The key of the circuit, for a name with `key`.
        key: Option<&'a str>,
        /// The time until the circuit takes a call again, as the error of the call has it:
        /// `None` while the circuit is isolated without an end, and zero while its probe slots are
        /// all taken.
        retry_after: Option<Duration>,
    },
    /// A circuit came into the registry. `operation` is `None`.
    #[non_exhaustive]
    Registered {
        /// The name of the circuit.
        circuit: &'a str,
        /// The key of the circuit, for a name with `key`.
        key: Option<&'a str>,
    },
    /// The circuit of a key was forgotten, because it was idle or because its name has too many
    /// keys. `operation` is `None`.
    #[non_exhaustive]
    Evicted {
        /// The name of the circuit.
        circuit: &'a str,
        /// The key of the circuit.
        key: Option<&'a str>,
    },
    /// The program moved a circuit by hand. If that changed the state, a
    /// [`StateChanged`](Self::StateChanged) with the reason `Command` follows. A command for a name
    /// with keys is one event without a key, and the changes of its circuits follow. The end of a
    /// command is no event of this kind. `operation` is `None`.
    #[non_exhaustive]
    Command {
        /// The name of the circuit.
        circuit: &'a str,
        /// The key of the circuit, for a name with `key`.
        key: Option<&'a str>,
        /// The command.
        action: CommandAction,
        /// The person or the program that gave the command, if the command says so.
        by: Option<&'a str>,
        /// The reason that the command gives, if it gives one.
        reason: Option<&'a str>,
    },
    /// An attempt failed, or returned a value to try again, and another one follows after `delay`.
    /// A retry that is used as a value without a name has the type of its function as `operation`.
    #[non_exhaustive]
    Retrying {
        /// The number of the attempt that has just ended, from 1.
        attempt: u32,
        /// The wait before the next attempt.
        delay: Duration,
        /// The text of the error. It is `None` for a value that `retry_if_ok` accepts.
        error: Option<&'a str>,
    },
    /// A call succeeded after at least one retry.
    #[non_exhaustive]
    Recovered {
        /// The number of attempts, the successful one included.
        attempts: u32,
    },
    /// A retry ends with an error, or with a value that `retry_if_ok` accepts.
    #[non_exhaustive]
    GaveUp {
        /// The number of attempts that were made.
        attempts: u32,
        /// Why no other attempt follows.
        reason: GaveUpReason,
        /// The text of the error. It is `None` for a value that `retry_if_ok` accepts.
        error: Option<&'a str>,
    },
    /// A timeout expired. `operation` is `None` for a timeout that is used as a value without a
    /// name.
    #[non_exhaustive]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// The caller of a sync timeout left, and its body goes on on a worker thread. `operation` is
    /// `None` as for [`TimedOut`](Self::TimedOut).
    #[non_exhaustive]
    Abandoned,
    /// A sync timeout found no worker for its call, or its operation holds too many of them, so
    /// the body did not begin. `operation` is `None` as for [`TimedOut`](Self::TimedOut).
    #[non_exhaustive]
    WorkersExhausted,
    /// A bulkhead refused a call. `operation` is the annotated function, and `None` for a bulkhead
    /// that is used as a value.
    #[non_exhaustive]
    BulkheadFull {
        /// The name of the bulkhead.
        bulkhead: &'a str,
        /// The key of the bulkhead, for a name with `key`.
        key: Option<&'a str>,
    },
    /// A rate limit refused a call. `operation` is the annotated function, and `None` for a rate
    /// limit that is used as a value.
    #[non_exhaustive]
    RateLimited {
        /// The name of the rate limit.
        limit: &'a str,
        /// The key of the rate limit, for a name with `key`.
        key: Option<&'a str>,
        /// The time until a call would be admitted, as the error of the call has it.
        retry_after: Duration,
    },
    /// A `fallback` answered in place of an error.
    #[non_exhaustive]
    FellBack {
        /// The text of the error that the answer replaces.
        error: Option<&'a str>,
    },
    /// A hedge started another attempt, beside a slow one or behind a failed one.
    #[non_exhaustive]
    Hedged,
    /// A retry or a hedge wanted another attempt, and its budget was used up. For a retry a
    /// [`GaveUp`](Self::GaveUp) with the reason `Budget` follows.
    #[non_exhaustive]
    BudgetExhausted {
        /// The name of the budget.
        budget: &'a str,
    },
    /// A configuration file was applied. `operation` is `None`.
    #[cfg(feature = "config")]
    #[non_exhaustive]
    ConfigApplied {
        /// The settings that changed.
        changes: &'a [crate::file::ConfigChange],
    },
    /// A configuration file was refused, and nothing changed; or a function that runs for the first
    /// time keeps its own values, because those of the file contradict them. `operation` is `None`.
    #[cfg(feature = "config")]
    #[non_exhaustive]
    ConfigRefused {
        /// All faults, with their places.
        report: &'a str,
    },
    /// The store of a fleet cannot be reached, and each circuit decides alone until
    /// [`FleetRestored`](Self::FleetRestored). `operation` is `None`.
    #[non_exhaustive]
    FleetDegraded {
        /// The name of the fleet.
        fleet: &'a str,
        /// The kind of the error, which is no text of one.
        cause: &'a str,
    },
    /// The store of a fleet can be reached again. `operation` is `None`.
    #[non_exhaustive]
    FleetRestored {
        /// The name of the fleet.
        fleet: &'a str,
    },
    /// A listener panicked while it was told of an event or a transition. The other listeners are
    /// told of this, and the log has a WARN. `operation` is `None`.
    #[non_exhaustive]
    ListenerPanicked,
    /// A listener took longer than 10 ms, and the call that it was told of waited for it. The other
    /// listeners are told of this at most once per minute and listener, and the log has a WARN.
    /// `operation` is `None`.
    #[non_exhaustive]
    ListenerSlow {
        /// The time that the listener took.
        took: Duration,
    },
}

/// A command that moves a circuit by hand.
///
/// ```
/// use resilience::events::CommandAction;
///
/// assert_eq!(CommandAction::Isolate.to_string(), "isolate");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandAction {
    /// The circuit opens, and probes after its open time.
    Trip,
    /// The circuit is open until another command, or until the end that the command says.
    Isolate,
    /// The circuit closes.
    Reset,
    /// The circuit admits all calls.
    Allow,
}

impl fmt::Display for CommandAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trip => "trip",
            Self::Isolate => "isolate",
            Self::Reset => "reset",
            Self::Allow => "allow",
        })
    }
}
