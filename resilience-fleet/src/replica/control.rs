//! The orders to the thread of a replica.

use resilience::{CircuitBreaker, CircuitBreakerFamily};
use tokio::sync::oneshot;

use crate::{
    circuit_id::CircuitId,
    status::FleetStatus,
    store::{StoreError, StoredCommand},
};

/// An order to the thread. The thread ends when all senders are dropped, or with `End`.
#[derive(Debug)]
pub(crate) enum Control {
    /// The circuit is shared from now on.
    Came(CircuitBreaker),
    /// The circuits of a family that is not in the registry are shared from now on.
    FamilyCame(CircuitBreakerFamily),
    /// The circuit is shared no more.
    Went(CircuitBreaker),
    /// An operator gives all replicas a command.
    Command {
        circuit: CircuitId,
        command: StoredCommand,
        done: oneshot::Sender<Result<(), StoreError>>,
    },
    /// The state of the fleet is asked for.
    Status(oneshot::Sender<Result<FleetStatus, StoreError>>),
    /// A circuit obeys a command of its own process, and did not follow.
    NotFollowed(CircuitId),
    /// The program leaves the fleet.
    End,
}
