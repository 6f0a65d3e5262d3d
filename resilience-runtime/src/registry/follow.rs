//! The circuits of the registry, for those who follow them.

use std::sync::Arc;

use super::{families::FAMILIES, table::REGISTRY};
use crate::circuit::{CircuitFollower, Following};

/// Tells `follower` of all circuits that are in the registry, then of each that comes or goes, until
/// the returned value is dropped.
///
/// A circuit that comes in the meantime may be told twice. This is for a package that coordinates
/// circuits, see [`fleet`](crate::fleet).
pub fn follow_circuits(follower: &Arc<dyn CircuitFollower>) -> Following {
    let following = Following::begin(Arc::clone(follower));
    let of_families = FAMILIES.handles().into_iter();
    let of_families = of_families.flat_map(|family| family.handles_and_overflow());
    for circuit in REGISTRY.handles().into_iter().chain(of_families) {
        follower.came(&circuit);
    }
    following
}
