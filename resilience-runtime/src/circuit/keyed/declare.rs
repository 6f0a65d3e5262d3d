//! The configuration of a family changes: by hand, or because the source line that declares it has
//! another value.

use std::panic::Location;

use super::family::Family;
use crate::{
    circuit::{config::CircuitBreakerConfig, log},
    declaration::{NewValue, is_same_line},
};

impl Family {
    fn is_active(&self, config: &CircuitBreakerConfig) -> bool {
        self.config.is(config) && self.bounds.are(config)
    }

    /// Gives all circuits another configuration. No source line changes it from now on.
    pub(crate) fn reconfigure(&self, config: CircuitBreakerConfig) {
        self.declarations.end(&self.earlier_configs, || {
            self.replace(&config);
        });
        log::reconfigured(self.name(), &config);
    }

    /// Compares the configuration that a call declares at `location` with the one that the circuits
    /// have.
    #[inline]
    pub(crate) fn check(&self, config: &CircuitBreakerConfig, location: &Location<'_>) {
        if !self.is_active(config) {
            self.declare(config, location);
        }
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
        let is_active = |config: &CircuitBreakerConfig| self.is_active(config);
        let take = |config: &CircuitBreakerConfig| self.replace(config);
        let decided = self
            .declarations
            .decide(&self.earlier_configs, config, is_active, take);
        match decided {
            NewValue::Ignored => {}
            NewValue::Taken => log::reconfigured(self.name(), config),
            NewValue::TakesTurns => {
                log::takes_turns(self.name(), self.declared_at(), &self.config(), config);
            }
        }
    }
}
