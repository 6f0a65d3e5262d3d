//! The configuration of a family changes: by hand, or because the source line that declares it has
//! another value.

use std::panic::Location;

use super::family::Family;
use crate::{
    by_name::{NewValue, is_same_line},
    circuit::{config::CircuitBreakerConfig, log},
};

impl Family {
    /// True if the program called `reconfigure`.
    #[cfg(not(feature = "config"))]
    pub(crate) fn is_by_hand(&self) -> bool {
        self.declarations.are_ended_by_hand()
    }

    fn is_active(&self, config: &CircuitBreakerConfig) -> bool {
        self.config.is(config) && self.bounds.are(config)
    }

    /// Gives all circuits another configuration. No source line changes it from now on.
    pub(crate) fn reconfigure(&self, config: CircuitBreakerConfig) {
        self.declarations.end(&self.earlier_configs, || {
            #[cfg(feature = "config")]
            self.declared.before_reconfigure(&self.config());
            self.replace(&config);
        });
        log::reconfigured(self.name(), &config);
    }

    /// Compares the configuration that a call declares at `location` with the one that the circuits
    /// have.
    #[inline]
    pub(crate) fn check(&self, config: &CircuitBreakerConfig, location: &Location<'_>) {
        if !self.is_active(config) && !self.is_declared(config) {
            self.declare(config, location);
        }
    }

    /// True if the configuration file makes another configuration of this declared one.
    #[cfg(feature = "config")]
    fn is_declared(&self, config: &CircuitBreakerConfig) -> bool {
        self.declared.is(config)
    }

    /// True if the configuration file makes another configuration of this declared one: there is no
    /// file.
    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "the feature `config` has a file")]
    fn is_declared(&self, _: &CircuitBreakerConfig) -> bool {
        false
    }

    /// Takes or reports a configuration that differs from the one that the circuits have.
    #[inline(never)]
    fn declare(&self, config: &CircuitBreakerConfig, location: &Location<'_>) {
        if !is_same_line(self.declared_at(), location) {
            if self.declarations.clash() {
                let kept = self.config();
                log::clash(self.name(), self.declared_at(), &kept, location, config);
            }
            return;
        }
        // No other file is applied while the circuits take a value, because both change them.
        #[cfg(feature = "config")]
        let current = crate::file::current();
        let is_active =
            |config: &CircuitBreakerConfig| self.is_declared(config) || self.is_active(config);
        #[cfg(feature = "config")]
        let take = |config: &CircuitBreakerConfig| self.take_in_file(config, &current);
        #[cfg(not(feature = "config"))]
        let take = |config: &CircuitBreakerConfig| self.replace(config);
        let decided = self
            .declarations
            .decide(&self.earlier_configs, config, is_active, take);
        // The log runs code of others.
        #[cfg(feature = "config")]
        drop(current);
        match decided {
            NewValue::Ignored => {}
            NewValue::Taken => log::reconfigured(self.name(), config),
            NewValue::TakesTurns => {
                log::takes_turns(self.name(), self.declared_at(), &self.config(), config);
            }
        }
    }
}
