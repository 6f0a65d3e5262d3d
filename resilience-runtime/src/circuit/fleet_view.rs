//! A circuit as its fleet sees it, for operators.

use std::time::SystemTime;

/// A circuit as its fleet sees it.
///
/// [`CircuitBreakerStats::fleet`](crate::CircuitBreakerStats::fleet) has it, and
/// [`CircuitBreaker::show_fleet`](crate::CircuitBreaker::show_fleet) sets it. It is as new as the
/// last reading of the store.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FleetView {
    /// The name of the fleet, which is that of its [`StoreContact`](crate::fleet::StoreContact).
    pub name: String,
    /// The store cannot be reached, so that the circuit decides alone. The rest is as it was then.
    pub is_degraded: bool,
    /// The processes that are known to use the circuit.
    pub replicas: u32,
    /// The processes that vote to open the circuit for all.
    pub votes: u32,
    /// The processes that object.
    pub objections: u32,
    /// The votes that open the circuit for all, at least.
    pub min_votes: u32,
    /// The share of votes among votes and objections that opens the circuit for all, at least.
    pub share: f64,
    /// The processes that have a lease for a probe. One with two leases is there twice.
    pub probers: Vec<String>,
    /// The moment until which the circuit is open for all, by the clock of this process. `None` if
    /// it is closed for the fleet, or if its probes have begun.
    pub open_until: Option<SystemTime>,
}
