//! The requests of replicas to the store.

use std::{fmt, sync::Arc, time::Duration};

use resilience::events::CommandAction;

use super::term::Term;
use crate::quorum::Quorum;

/// One step of a circuit in the store.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// The circuit of a replica opened by itself.
    Vote {
        /// The replica.
        replica: Arc<str>,
        /// The rule for the votes.
        quorum: Quorum,
        /// The time for the vote to count.
        counts_for: Duration,
        /// The number of replicas that are known to use the circuit.
        known: u32,
        /// The settings of the circuit, if it opens with this vote or later by it.
        opening: Opening,
        /// A random number that names the record, if this request creates it.
        epoch: u64,
    },
    /// The circuit of a replica is closed and succeeds.
    Object {
        /// The replica.
        replica: Arc<str>,
        /// The time for the objection to count.
        counts_for: Duration,
    },
    /// Counts the votes again, after the grace.
    Settle {
        /// The rule for the votes.
        quorum: Quorum,
        /// The number of replicas that are known to use the circuit.
        known: u32,
    },
    /// A call would be a probe.
    Lease {
        /// The lease. Nobody else uses it.
        lease: ProbeLease,
    },
    /// A probe ended.
    Verdict {
        /// The term that granted the lease. A verdict of another term changes nothing.
        term: Term,
        /// The lease.
        lease: ProbeLease,
        /// The outcome.
        verdict: ProbeVerdict,
    },
    /// An operator gives all replicas a command.
    Command {
        /// The command.
        command: StoredCommand,
        /// The settings of the circuit, for a trip that opens it.
        opening: Opening,
        /// A random number that names the record, if this request creates it.
        epoch: u64,
    },
    /// Writes a state again that the store has lost.
    Restore {
        /// The term of the state.
        term: Term,
        /// The rest of the open time, for an open circuit.
        open_for: Option<Duration>,
        /// The settings with which it opened.
        opening: Opening,
        /// The command that holds, and the generation that it began.
        command: Option<(u64, StoredCommand)>,
    },
    /// The circuit of a replica closed by its own decision while it had lost the store, and
    /// succeeds since then. It closes for all, if it is half-open for the fleet.
    Recovered {
        /// The term in which it is half-open. A request of another term changes nothing.
        term: Term,
    },
    /// Changes nothing.
    Read,
}

/// The name of a lease: a number that the replica chooses, and the replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeLease {
    /// The number. The replica uses it once.
    pub number: u64,
    /// The replica, whose name has no spaces.
    pub replica: Arc<str>,
}

impl fmt::Display for ProbeLease {
    /// The name in the store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.replica)
    }
}

/// The settings of a replica with which a circuit opens. They hold for all replicas until it
/// closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The time until the first probe.
    pub open_for: Duration,
    /// The longest time of a lease.
    pub lease_for: Duration,
    /// The number of probes at the same time.
    pub probes: u32,
    /// The number of successful probes that closes the circuit.
    pub success_threshold: u32,
}

/// The outcome of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    /// The probe succeeded.
    Succeeded,
    /// The probe failed. The circuit opens with these settings.
    Failed(Opening),
    /// The probe says nothing.
    Released,
}

/// A command as it is kept in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCommand {
    /// The command.
    pub action: CommandAction,
    /// The reason.
    pub reason: String,
    /// The person or the program that gave it.
    pub by: Option<String>,
    /// The time after which it ends by itself.
    pub lasts: Option<Duration>,
}
