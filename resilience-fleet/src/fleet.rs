//! The handle of a fleet.

use std::{collections::BTreeSet, fmt, sync::Arc};

use resilience::{
    CircuitBreaker, CircuitBreakerFamily, Command, RateLimit,
    events::CommandAction,
    fleet::{
        CircuitFollower, CommandFuture, Following, RateLimitFollower, follow_circuits,
        follow_rate_limits,
    },
    registry,
};
use tokio::sync::oneshot;

use crate::{
    circuit_id::CircuitId,
    error::FleetError,
    replica::{Control, Links},
    shared::Shared,
    status::FleetStatus,
    store::StoredCommand,
};

/// A replica's membership in a fleet. The circuits decide alone again when it is dropped.
#[must_use = "the circuits are shared until this is dropped"]
pub struct Fleet {
    links: Links,
    shared: Shared,
    /// The circuits that are shared by their handle.
    by_handle: Vec<CircuitId>,
    following: Vec<Following>,
}

/// Shares the circuits of the registry as they come.
struct Follower {
    links: Links,
    shared: Shared,
    /// The circuits that are shared by their handles. The registry may have them, too.
    by_handle: Vec<CircuitBreaker>,
}

impl Follower {
    /// True for a circuit that is shared. The circuit that keys without one share is none, because
    /// each process puts other keys there.
    fn shares(&self, circuit: &CircuitBreaker) -> bool {
        self.shared.has(circuit.name()) && !circuit.name().ends_with("{*}")
    }

    /// True if the circuit of the registry with this name is shared, by its name or by its handle.
    fn shares_name(&self, name: &str) -> bool {
        let is_by_handle = |circuit: CircuitBreaker| {
            let mut by_handle = self.by_handle.iter();
            by_handle.any(|shared| shared.is_same(&circuit))
        };
        self.shared.has(name) || registry::get(name).is_some_and(is_by_handle)
    }
}

impl CircuitFollower for Follower {
    fn came(&self, circuit: &CircuitBreaker) {
        if self.shares(circuit) {
            self.links.join(circuit);
        }
    }

    fn went(&self, circuit: &CircuitBreaker) {
        if self.shares(circuit) {
            self.links.part(circuit);
        }
    }

    fn command(
        &self,
        name: &str,
        action: CommandAction,
        command: &Command,
    ) -> Option<CommandFuture> {
        if !self.shares_name(name) {
            return None;
        }
        let given = give(self.links.clone(), name.into(), action, command);
        Some(Box::pin(async move { Ok(given.await?) }))
    }
}

/// Shares the rate limits of the registry as they come.
struct LimitFollower {
    links: Links,
    names: BTreeSet<String>,
}

impl RateLimitFollower for LimitFollower {
    fn came(&self, limit: &RateLimit) {
        if self.names.contains(limit.name()) {
            self.links.join_rate_limit(limit);
        }
    }

    fn went(&self, limit: &RateLimit) {
        if self.names.contains(limit.name()) {
            self.links.part_rate_limit(limit);
        }
    }
}

impl Fleet {
    pub(crate) fn new(
        links: Links,
        shared: Shared,
        rate_limits: BTreeSet<String>,
        by_handle: Vec<CircuitBreaker>,
    ) -> Self {
        let ids = by_handle.iter();
        let ids = ids
            .map(|circuit| CircuitId::new(circuit.name(), circuit.key()))
            .collect();
        let shares_none = matches!(&shared, Shared::Named(names) if names.is_empty());
        let follows = !shares_none || !by_handle.is_empty();
        let following = follows.then(|| {
            let follower: Arc<dyn CircuitFollower> = Arc::new(Follower {
                links: links.clone(),
                shared: shared.clone(),
                by_handle,
            });
            follow_circuits(&follower)
        });
        let following_limits = (!rate_limits.is_empty()).then(|| {
            let follower: Arc<dyn RateLimitFollower> = Arc::new(LimitFollower {
                links: links.clone(),
                names: rate_limits,
            });
            follow_rate_limits(&follower)
        });
        Self {
            links,
            shared,
            by_handle: ids,
            following: following.into_iter().chain(following_limits).collect(),
        }
    }

    /// Shares the circuits of a family that is not in the registry.
    pub(crate) fn share_family(&mut self, family: &CircuitBreakerFamily) {
        self.by_handle.push(CircuitId::new(family.name(), None));
        let _ = self.links.control.send(Control::FamilyCame(family.clone()));
        let follower: Arc<dyn CircuitFollower> = Arc::new(Follower {
            links: self.links.clone(),
            shared: Shared::All,
            by_handle: Vec::new(),
        });
        self.following.push(family.follow_circuits(&follower));
    }

    /// True if the store cannot be reached, so that each circuit decides alone.
    pub fn is_degraded(&self) -> bool {
        !self.links.contact.is_held()
    }

    /// The state of the fleet, as the store has it now.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached.
    pub async fn status(&self) -> Result<FleetStatus, FleetError> {
        let (sender, answer) = oneshot::channel();
        order(&self.links, Control::Status(sender))?;
        Ok(answer.await.map_err(|_| FleetError::ended())??)
    }

    /// Opens the circuit in all replicas. They probe when its open time is over.
    ///
    /// # Errors
    ///
    /// If the circuit is not shared, or if the store cannot be reached. This and the other commands
    /// fail within 100 ms then, and no replica obeys. After a
    /// [timeout](crate::store::StoreErrorKind::Timeout) the store may still take the command,
    /// because it had the request and was only slow; the same command may be given again.
    pub async fn trip(
        &self,
        circuit: impl Into<CircuitId>,
        command: Command,
    ) -> Result<(), FleetError> {
        self.give(circuit.into(), CommandAction::Trip, &command)
            .await
    }

    /// Isolates the circuit in all replicas, also in those that start later, until another command
    /// or the end of this one.
    ///
    /// # Errors
    ///
    /// It fails in the cases in which [`trip`](Self::trip) fails.
    pub async fn isolate(
        &self,
        circuit: impl Into<CircuitId>,
        command: Command,
    ) -> Result<(), FleetError> {
        self.give(circuit.into(), CommandAction::Isolate, &command)
            .await
    }

    /// Closes the circuit in all replicas, and ends the command that holds.
    ///
    /// # Errors
    ///
    /// It fails in the cases in which [`trip`](Self::trip) fails.
    pub async fn reset(
        &self,
        circuit: impl Into<CircuitId>,
        command: Command,
    ) -> Result<(), FleetError> {
        self.give(circuit.into(), CommandAction::Reset, &command)
            .await
    }

    /// Lets the circuit admit all calls in all replicas, also in those that start later, until
    /// another command or the end of this one.
    ///
    /// # Errors
    ///
    /// It fails in the cases in which [`trip`](Self::trip) fails.
    pub async fn allow(
        &self,
        circuit: impl Into<CircuitId>,
        command: Command,
    ) -> Result<(), FleetError> {
        self.give(circuit.into(), CommandAction::Allow, &command)
            .await
    }

    async fn give(
        &self,
        circuit: CircuitId,
        action: CommandAction,
        command: &Command,
    ) -> Result<(), FleetError> {
        if !self.shared.has(circuit.name()) && !self.by_handle.contains(&circuit) {
            return Err(FleetError::not_shared(circuit.name()));
        }
        give(self.links.clone(), circuit, action, command).await
    }
}

/// Gives the command to all replicas.
fn give(
    links: Links,
    circuit: CircuitId,
    action: CommandAction,
    command: &Command,
) -> impl Future<Output = Result<(), FleetError>> + Send + use<> {
    let command = StoredCommand {
        action,
        reason: command.get_reason().to_owned(),
        by: command.get_by().map(str::to_owned),
        lasts: command.get_for(),
    };
    async move {
        let (done, answer) = oneshot::channel();
        let given = Control::Command {
            circuit,
            command,
            done,
        };
        order(&links, given)?;
        Ok(answer.await.map_err(|_| FleetError::ended())??)
    }
}

/// Sends an order that needs the store to the thread of the replica.
fn order(links: &Links, order: Control) -> Result<(), FleetError> {
    if !links.contact.is_held() {
        return Err(FleetError::no_store());
    }
    links.control.send(order).map_err(|_| FleetError::ended())
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Nothing more is shared from here on.
        self.following.clear();
        self.links.contact.left();
        let _ = self.links.control.send(Control::End);
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("shared", &self.shared)
            .field("is_degraded", &self.is_degraded())
            .finish_non_exhaustive()
    }
}
