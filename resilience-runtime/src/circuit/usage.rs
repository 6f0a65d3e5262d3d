//! The use of a circuit that has a key: the permits that are out, and the end of its last call.

use std::sync::{
    Arc,
    // The types are the standard library's, because the decisions of the circuit do not depend on
    // them.
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use super::config::CircuitBreakerConfig;
use crate::clock::{nanos, span};

/// The use of one circuit. A circuit may be forgotten when it has been idle for long.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    permits: AtomicU32,
    /// The moment at which the last call ended, or at which the circuit was made.
    idle_since: AtomicU64,
    family: Arc<SharedByKeys>,
}

/// The values that all circuits of a family have in common.
#[derive(Debug, Default)]
pub(super) struct SharedByKeys {
    max_keys: AtomicU32,
    /// In nanoseconds.
    idle: AtomicU64,
    /// A command may have made a circuit evictable before its time.
    has_commands: AtomicBool,
}

impl SharedByKeys {
    pub(super) fn store(&self, config: &CircuitBreakerConfig) {
        self.max_keys
            .store(config.get_max_keys(), Ordering::Relaxed);
        self.idle.store(nanos(config.get_idle()), Ordering::Relaxed);
    }

    /// True if these are the values of `config`.
    pub(super) fn are(&self, config: &CircuitBreakerConfig) -> bool {
        self.max_keys() == config.get_max_keys() && self.idle() == nanos(config.get_idle())
    }

    pub(super) fn apply_to(&self, config: CircuitBreakerConfig) -> CircuitBreakerConfig {
        config.max_keys(self.max_keys()).idle(span(self.idle()))
    }

    pub(super) fn max_keys(&self) -> u32 {
        self.max_keys.load(Ordering::Relaxed)
    }

    pub(super) fn idle(&self) -> u64 {
        self.idle.load(Ordering::Relaxed)
    }

    pub(super) fn note_command(&self) {
        self.has_commands.store(true, Ordering::Relaxed);
    }

    /// Returns true if a command came since the last time.
    pub(super) fn take_commands(&self) -> bool {
        self.has_commands.load(Ordering::Relaxed)
            && self.has_commands.swap(false, Ordering::Relaxed)
    }
}

impl Usage {
    pub(super) fn new(family: Arc<SharedByKeys>, now: u64) -> Self {
        Self {
            permits: AtomicU32::new(0),
            idle_since: AtomicU64::new(now),
            family,
        }
    }

    pub(super) fn family(&self) -> &SharedByKeys {
        &self.family
    }

    pub(super) fn begin_call(&self) {
        self.permits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end_call(&self, now: u64) {
        self.use_at(now);
        // It is released, so that whoever sees no permit sees what the call recorded.
        self.permits.fetch_sub(1, Ordering::Release);
    }

    /// Notes that the circuit is in use at this moment. A thread that read the clock earlier may
    /// come later.
    pub(super) fn use_at(&self, now: u64) {
        self.idle_since.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn has_permits(&self) -> bool {
        self.permits.load(Ordering::Acquire) != 0
    }

    pub(super) fn idle_since(&self) -> u64 {
        self.idle_since.load(Ordering::Relaxed)
    }
}
