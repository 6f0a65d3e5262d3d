//! The parts of a circuit that few circuits have, in one allocation, so that all others stay small.

// The primitives are the standard library's, because the settings are read by decisions under the
// lock of the machine, and no decision depends on the rest: the models would only take longer.
use std::sync::{OnceLock, PoisonError, RwLock, atomic::AtomicU64};

use super::{config::CircuitBreakerConfig, coordinator::Coordination};
use crate::by_name::EarlierConfigs;

/// The parts, or nothing as long as nobody needed one.
#[derive(Debug, Default)]
pub(super) struct Seldom(OnceLock<Box<Parts>>);

#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The settings that few circuits change, in the words of `active_config`. Each is 0 by
    /// default.
    pub(super) settings: [AtomicU64; SETTINGS],
    pub(super) earlier_configs: EarlierConfigs<CircuitBreakerConfig>,
    /// The calls that the circuit let through only because it admits all calls.
    pub(super) would_refuse: AtomicU64,
    /// The circuit's line to other processes.
    pub(super) coordination: RwLock<Option<Coordination>>,
}

pub(super) const SETTINGS: usize = 4;

impl Seldom {
    #[inline]
    pub(super) fn get(&self) -> Option<&Parts> {
        self.0.get().map(|parts| &**parts)
    }

    /// The circuit's line to other processes, if it has one.
    pub(super) fn coordination(&self) -> Option<Coordination> {
        let coordination = self.get()?.coordination.read();
        // Nothing panics under the lock.
        coordination.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True if the circuit has a line to other processes, which may be cut.
    pub(super) fn has_coordination(&self) -> bool {
        self.coordination().is_some()
    }

    /// True if other processes decide over the circuit's probes now.
    pub(super) fn is_coordinated(&self) -> bool {
        self.get().is_some_and(|parts| {
            let coordination = parts.coordination.read();
            let coordination = coordination.unwrap_or_else(PoisonError::into_inner);
            let contact = coordination.as_ref().map(|it| it.contact.is_held());
            contact == Some(true)
        })
    }

    pub(super) fn get_or_make(&self) -> &Parts {
        self.0.get_or_init(Box::default)
    }
}
