//! The state of a fleet, for operators.

use std::time::Duration;

use resilience::{CircuitState, events::CommandAction};

use crate::{
    rate_limit_id::RateLimitId,
    store::{PermitLease, StoredCommand, View},
};

/// The state of a fleet, as the store has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FleetStatus {
    /// The replicas that are alive, sorted.
    pub replicas: Vec<String>,
    /// The circuits that this replica shares, sorted by name and key.
    pub circuits: Vec<FleetCircuit>,
    /// The rate limits that this replica shares, sorted by name and key.
    pub rate_limits: Vec<FleetRateLimit>,
    /// The messages that this replica dropped, because its queue was full.
    pub dropped: u64,
}

/// The state of a circuit for all replicas.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FleetCircuit {
    /// The name.
    pub name: String,
    /// The key, for a name that has a circuit for each key.
    pub key: Option<String>,
    /// The state. A circuit that is closed for the fleet may be open in a replica.
    pub state: CircuitState,
    /// True if a command isolates the circuit. `state` is `Open` then.
    pub isolated: bool,
    /// The time until the circuit probes, if it is open, or until its command ends.
    pub until: Option<Duration>,
    /// The replicas that vote to open it.
    pub votes: u32,
    /// The replicas that object.
    pub objections: u32,
    /// The probes that run.
    pub leases: u32,
    /// The replicas that make them, sorted. One with two probes is there twice.
    pub probers: Vec<String>,
    /// The command that holds.
    pub command: Option<FleetCommand>,
    /// The replicas that are known to use the circuit.
    pub replicas: u32,
}

/// A command to the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetCommand {
    /// The command.
    pub action: CommandAction,
    /// The reason.
    pub reason: String,
    /// The person or the program that gave it.
    pub by: Option<String>,
    /// The time until it ends by itself.
    pub ends_in: Option<Duration>,
}

impl FleetCircuit {
    pub(crate) fn new(name: &str, key: Option<&str>, view: &View, replicas: u32) -> Self {
        let holding = view.command.as_ref().filter(|command| command.holds);
        let action = holding.map(|command| command.command.action);
        let isolated = action == Some(CommandAction::Isolate);
        let probes_in = u64::try_from(view.probes_in)
            .ok()
            .map(Duration::from_micros);
        let state = match action {
            Some(CommandAction::Isolate) => CircuitState::Open,
            Some(CommandAction::Allow) => CircuitState::Closed,
            _ if !view.is_open => CircuitState::Closed,
            _ if view.probes_in > 0 => CircuitState::Open,
            _ => CircuitState::HalfOpen,
        };
        let ends_in = holding.and_then(|command| command.command.lasts);
        Self {
            name: name.to_owned(),
            key: key.map(str::to_owned),
            state,
            isolated,
            until: if view.is_open { probes_in } else { ends_in },
            votes: view.votes,
            objections: view.objections,
            leases: view.leases,
            probers: view.probers.clone(),
            command: holding.map(|command| FleetCommand::new(&command.command)),
            replicas,
        }
    }
}

/// A rate limit of all replicas.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FleetRateLimit {
    /// The name.
    pub name: String,
    /// The key, for a name that has a rate limit for each key.
    pub key: Option<String>,
    /// The number of calls in the time `per`, of all replicas together.
    pub limit: u32,
    /// The time in which `limit` calls are admitted.
    pub per: Duration,
    /// The number of permits that may be leased at once. It is at least a batch.
    pub burst: u32,
    /// The permits of the burst that are in use. It is above `burst` if replicas admitted calls of
    /// their own share while all permits were leased.
    pub used: f64,
}

impl FleetRateLimit {
    pub(crate) fn new(id: &RateLimitId, lease: &PermitLease, used: f64) -> Self {
        Self {
            name: id.name().to_owned(),
            key: id.key().map(str::to_owned),
            limit: lease.limit,
            per: lease.per,
            burst: lease.burst,
            used,
        }
    }
}

impl FleetCommand {
    fn new(command: &StoredCommand) -> Self {
        Self {
            action: command.action,
            reason: command.reason.clone(),
            by: command.by.clone(),
            ends_in: command.lasts,
        }
    }
}
