//! The interface of a store.

use std::{collections::BTreeMap, future::Future};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    error::StoreError,
    permits::{PermitLease, PermitReply},
    request::Request,
    view::{Reply, View},
};
use crate::{circuit_id::CircuitId, rate_limit_id::RateLimitId};

/// A store that replicas share.
///
/// Each method of a [`Session`] is one step that no other step interrupts, for one circuit
/// or one rate limit.
pub trait FleetStore: Send + 'static {
    /// A connection to the store.
    type Session: Session;

    /// Connects to the store and subscribes to its changes.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached, refuses the connection, or has keys of a later version.
    fn connect(
        &self,
        pushes: UnboundedSender<Push>,
    ) -> impl Future<Output = Result<Self::Session, StoreError>>;
}

/// A notice of the store that a replica did not ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Push {
    /// The circuit changed.
    Changed {
        /// The text of its [`CircuitId`].
        circuit: String,
        /// The moment, in microseconds of the store's clock.
        at: u64,
    },
    /// The replicas that use a circuit changed.
    Members,
    /// The connection ended.
    Disconnected,
}

/// A connection to a [`FleetStore`]. Clones are the same connection.
pub trait Session: Clone + 'static {
    /// Makes the request for the circuit.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn request(
        &self,
        circuit: &CircuitId,
        request: &Request,
    ) -> impl Future<Output = Result<Reply, StoreError>>;

    /// Reads the circuits, in their order.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn read(&self, circuits: &[CircuitId]) -> impl Future<Output = Result<Vec<View>, StoreError>>;

    /// Leases permits of the rate limit.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn lease_permits(
        &self,
        limit: &RateLimitId,
        request: &PermitLease,
    ) -> impl Future<Output = Result<PermitReply, StoreError>>;

    /// Notes the replica as alive, and its list of circuits if there is one.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn heartbeat(
        &self,
        heartbeat: &Heartbeat<'_>,
    ) -> impl Future<Output = Result<Alive, StoreError>>;

    /// Takes the replica out of the list.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn leave(&self, replica: &str) -> impl Future<Output = Result<(), StoreError>>;

    /// The lists of circuits of the replicas that are alive, by replica.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn members(&self) -> impl Future<Output = Result<BTreeMap<String, String>, StoreError>>;

    /// The circuits that changed after the point of the log.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or refuses.
    fn changes(&self, after: u64) -> impl Future<Output = Result<Changes, StoreError>>;
}

/// The sign of life of a replica.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat<'a> {
    /// The name of the replica.
    pub replica: &'a str,
    /// A number of this process, to tell it from another one of the same name.
    pub instance: &'a str,
    /// The list of circuits, or `None` if it is the list of before.
    pub circuits: Option<&'a str>,
}

/// The answer to a [`Heartbeat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alive {
    /// It rises when the list of any replica changes.
    pub version: u64,
    /// Another process of the same name is alive.
    pub is_taken: bool,
    /// The store has no list of this replica.
    pub wants_circuits: bool,
}

/// The circuits that changed since a point of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The present point of the log.
    pub serial: u64,
    /// The texts of the circuits, or `None` if the log does not reach back to the point.
    pub circuits: Option<Vec<String>>,
}
