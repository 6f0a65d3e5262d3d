//! Those who are told of each circuit that comes into the registry or goes.

use std::{
    fmt,
    // The types are the standard library's, because loom's cannot be statics.
    sync::{Arc, PoisonError, RwLock},
};

use super::breaker::CircuitBreaker;
use crate::unwind::quietly;

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

static FOLLOWERS: RwLock<Vec<Arc<dyn CircuitFollower>>> = RwLock::new(Vec::new());

/// Ends the notices to a [`CircuitFollower`] when it is dropped.
#[must_use = "the follower is told nothing more as soon as this is dropped"]
pub struct Following(Arc<dyn CircuitFollower>);

impl Following {
    /// Adds a follower. The caller tells it of the circuits that are there already.
    pub(crate) fn begin(follower: Arc<dyn CircuitFollower>) -> Self {
        let mut followers = FOLLOWERS.write().unwrap_or_else(PoisonError::into_inner);
        followers.push(Arc::clone(&follower));
        Self(follower)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut followers = FOLLOWERS.write().unwrap_or_else(PoisonError::into_inner);
        let at = followers.iter().position(|it| Arc::ptr_eq(it, &self.0));
        let removed = at.map(|at| followers.swap_remove(at));
        drop(followers);
        drop(removed);
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Following")
    }
}

/// Tells the followers of a circuit that came.
pub(crate) fn tell_came(circuit: &CircuitBreaker) {
    tell(|follower| follower.came(circuit));
}

/// Tells the followers of a circuit that went.
pub(crate) fn tell_went(circuit: &CircuitBreaker) {
    tell(|follower| follower.went(circuit));
}

fn tell(message: impl Fn(&dyn CircuitFollower)) {
    // The handles are copied, so that no follower runs under the lock.
    let followers = {
        let followers = FOLLOWERS.read().unwrap_or_else(PoisonError::into_inner);
        if followers.is_empty() {
            return;
        }
        followers.clone()
    };
    for follower in followers {
        quietly(|| message(&*follower));
    }
}
