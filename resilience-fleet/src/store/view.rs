//! A circuit as the store shows it.

use std::time::Duration;

use super::{
    request::{Opening, StoredCommand},
    term::Term,
};

/// A circuit at one moment of the store's clock.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct View {
    /// The moment, in microseconds of the store's clock.
    pub at: u64,
    /// The number of the state.
    pub term: Term,
    /// True if the circuit is open or half-open.
    pub is_open: bool,
    /// Microseconds until an open circuit probes. It is negative from then on, and 0 if the circuit
    /// is closed.
    pub probes_in: i64,
    /// The settings with which the circuit opened or will open. `open_for` is zero in it.
    pub opening: Opening,
    /// The successful probes since the circuit opened last.
    pub successes: u32,
    /// The replicas that vote to open it.
    pub votes: u32,
    /// The replicas that object.
    pub objections: u32,
    /// The leases that are held.
    pub leases: u32,
    /// The replicas that hold them, sorted. One with two leases is there twice.
    pub probers: Vec<String>,
    /// The number of the doubt that the first vote began.
    pub doubt: Option<u64>,
    /// The rest of the grace after the first vote.
    pub grace: Duration,
    /// The latest command.
    pub command: Option<CommandView>,
}

/// A command as the store shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandView {
    /// The generation that the command began.
    pub generation: u64,
    /// True if the command holds.
    pub holds: bool,
    /// The command. `lasts` is the rest of its time.
    pub command: StoredCommand,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The circuit after the request.
    pub view: View,
    /// The request changed something that other replicas want to know.
    pub is_change: bool,
    /// The decision.
    pub answer: Answer,
}

/// The decision of the store over a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The request was made.
    Done,
    /// The request came too late or too early, and changed nothing.
    Void,
    /// The lease is granted.
    Granted,
    /// All leases are held, or the circuit refuses all calls.
    Denied,
    /// The circuit is not open for the fleet, so the replica decides alone.
    Alone,
}
