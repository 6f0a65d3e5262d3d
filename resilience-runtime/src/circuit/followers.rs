//! Those who are told of each circuit that comes into the registry or goes.

use std::sync::Arc;

use super::breaker::CircuitBreaker;
use crate::followers::{Followers, Following};

/// It is told of each circuit that comes into the registry, and of each that goes.
///
/// The circuits of a name with keys are among them. The methods are called in the thread that caused
/// the event, under no lock, and before the first call passes the circuit. They return at once. One
/// that panics breaks no call.
pub trait CircuitFollower: Send + Sync + 'static {
    /// A circuit came into the registry.
    fn came(&self, circuit: &CircuitBreaker);

    /// The program removed the circuit, or the circuit of a key was forgotten.
    fn went(&self, circuit: &CircuitBreaker);
}

static FOLLOWERS: Followers<dyn CircuitFollower> = Followers::new();

/// Adds a follower. The caller tells it of the circuits that are there already.
pub(crate) fn begin_to_follow(follower: &Arc<dyn CircuitFollower>) -> Following {
    FOLLOWERS.begin(Arc::clone(follower))
}

/// Tells the followers of a circuit that came.
pub(crate) fn tell_came(circuit: &CircuitBreaker) {
    FOLLOWERS.tell(|follower| follower.came(circuit));
}

/// Tells the followers of a circuit that went.
pub(crate) fn tell_went(circuit: &CircuitBreaker) {
    FOLLOWERS.tell(|follower| follower.went(circuit));
}
