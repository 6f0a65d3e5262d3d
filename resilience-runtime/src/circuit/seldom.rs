//! The parts of a circuit that few circuits have, in one allocation, so that all others stay small.

// The primitives are the standard library's, because the settings are read by decisions under the
// lock of the machine, and no decision depends on the rest: the models would only take longer.
use std::sync::{OnceLock, atomic::AtomicU64};

use super::config::CircuitBreakerConfig;
use crate::declaration::EarlierConfigs;

/// The parts, or nothing as long as nobody needed one.
#[derive(Debug, Default)]
pub(super) struct Seldom(OnceLock<Box<Parts>>);

#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The settings that few circuits change, in the words of `active_config`. Each is 0 by default.
    pub(super) settings: [AtomicU64; SETTINGS],
    pub(super) earlier_configs: EarlierConfigs<CircuitBreakerConfig>,
    /// The calls that the circuit let through only because it admits all calls.
    pub(super) would_refuse: AtomicU64,
}

pub(super) const SETTINGS: usize = 4;

impl Seldom {
    #[inline]
    pub(super) fn get(&self) -> Option<&Parts> {
        self.0.get().map(|parts| &**parts)
    }

    pub(super) fn get_or_make(&self) -> &Parts {
        self.0.get_or_init(Box::default)
    }
}
