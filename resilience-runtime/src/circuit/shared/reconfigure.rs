//! The configuration of a circuit changes: by hand, or because the source line that declares it has
//! another value.

use std::panic::Location;

use super::{Locked, Shared};
use crate::{
    by_name::{NewValue, is_same_line},
    circuit::{config::CircuitBreakerConfig, log, sharded_counter::Count, window::WindowKinds},
};

impl Shared {
    /// True if the program called `reconfigure`.
    #[cfg(not(feature = "config"))]
    pub(crate) fn is_by_hand(&self) -> bool {
        self.declarations.are_ended_by_hand()
    }

    pub(crate) fn config(&self) -> CircuitBreakerConfig {
        // Under the lock, because a reader without it may see one setting of before a change and
        // another of after it.
        let locked = self.lock();
        let config = self.config.load();
        drop(locked);
        match self.usage() {
            None => config,
            Some(usage) => usage.family().apply_to(config),
        }
    }

    pub(crate) fn reconfigure(&self, config: CircuitBreakerConfig) {
        self.declarations.end(self.config.earlier(), || {
            #[cfg(feature = "config")]
            self.declared.before_reconfigure(&self.config.load());
            self.replace(&config);
        });
        log::reconfigured(&self.name, &config);
    }

    /// Replaces the configuration and returns the one before.
    pub(super) fn replace(&self, config: &CircuitBreakerConfig) -> CircuitBreakerConfig {
        self.locked(|Locked { machine, .. }| {
            let before = self.config.load();
            let windows = WindowKinds::of(&self.config);
            self.config.store(config);
            machine.reconfigured(&self.config, windows, self.sum(Count::Success));
            before
        })
    }

    /// Compares the configuration that a call declares at `location` with the one that the circuit
    /// has.
    #[inline]
    pub(crate) fn check(&self, config: &CircuitBreakerConfig, location: &Location<'_>) {
        if !self.config.is(config) && !self.is_declared(config) {
            self.declare(config, location);
        }
    }

    /// True if the configuration file makes another configuration of this declared one.
    #[cfg(feature = "config")]
    #[inline]
    fn is_declared(&self, config: &CircuitBreakerConfig) -> bool {
        self.declared.is(config)
    }

    /// True if the configuration file makes another configuration of this declared one: there is no
    /// file.
    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "the feature `config` has a file")]
    #[inline]
    fn is_declared(&self, _: &CircuitBreakerConfig) -> bool {
        false
    }

    /// Takes or reports a configuration that differs from the one that the circuit has.
    #[inline(never)]
    fn declare(&self, config: &CircuitBreakerConfig, location: &Location<'_>) {
        if !is_same_line(self.declared_at, location) {
            if self.declarations.clash() {
                log::clash(
                    &self.name,
                    self.declared_at,
                    &self.config(),
                    location,
                    config,
                );
            }
            return;
        }
        // No other file is applied while the circuit takes a value, because both change it.
        #[cfg(feature = "config")]
        let current = crate::file::current();
        let is_active =
            |config: &CircuitBreakerConfig| self.is_declared(config) || self.config.is(config);
        #[cfg(feature = "config")]
        let take = |config: &CircuitBreakerConfig| self.take_in_file(config, &current);
        #[cfg(not(feature = "config"))]
        let take = |config: &CircuitBreakerConfig| self.replace(config);
        let decided = self
            .declarations
            .decide(self.config.earlier(), config, is_active, take);
        // The log runs code of others.
        #[cfg(feature = "config")]
        drop(current);
        match decided {
            NewValue::Ignored => {}
            NewValue::Taken => log::reconfigured(&self.name, config),
            NewValue::TakesTurns => {
                log::takes_turns(&self.name, self.declared_at, &self.config(), config);
            }
        }
    }
}
