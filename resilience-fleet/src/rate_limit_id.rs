//! The name of a rate limit in the store.

use std::fmt;

use crate::circuit_id::CircuitId;

/// A rate limit of the fleet: its name, and its key if the name has a rate limit for each key.
///
/// Its text is the name in the store, as that of a [`CircuitId`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateLimitId(CircuitId);

impl RateLimitId {
    /// The rate limit of that name and key.
    pub fn new(name: &str, key: Option<&str>) -> Self {
        Self(CircuitId::new(name, key))
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The key.
    pub fn key(&self) -> Option<&str> {
        self.0.key()
    }
}

impl fmt::Display for RateLimitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RateLimitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateLimitId({self})")
    }
}
