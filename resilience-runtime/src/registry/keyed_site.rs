//! The site of an attribute with `key = …` in the user's code.

use std::{
    panic::Location,
    // The lock is the standard library's, because a static needs a constant constructor.
    sync::{Arc, OnceLock},
};

use super::families::FAMILIES;
use crate::circuit::{CircuitBreakerConfig, Family, KeyText, KeyedCircuit, log};

/// One `#[circuit_breaker(key = …)]`. It looks its family up in the registry once, because a family
/// stays there.
#[doc(hidden)]
#[derive(Debug)]
pub struct KeyedSite {
    name: &'static str,
    is_named: bool,
    location: &'static Location<'static>,
    family: OnceLock<Arc<Family>>,
}

impl KeyedSite {
    #[track_caller]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self::at(name, true, Location::caller())
    }

    /// A site without a name goes by the path of its function. The methods of two types in one
    /// module have the same path.
    #[track_caller]
    #[must_use]
    pub const fn unnamed(name: &'static str) -> Self {
        Self::at(name, false, Location::caller())
    }

    const fn at(name: &'static str, is_named: bool, location: &'static Location<'static>) -> Self {
        Self {
            name,
            is_named,
            location,
            family: OnceLock::new(),
        }
    }

    /// The circuit of the key. The family is registered with `config` on first use.
    #[inline]
    pub fn circuit(&self, config: &CircuitBreakerConfig, key: KeyText<'_>) -> KeyedCircuit {
        self.family(config).circuit(key)
    }

    /// The circuit of the key, for a configuration that each call computes: the family takes or
    /// reports another value.
    #[inline]
    pub fn circuit_checked(&self, config: &CircuitBreakerConfig, key: KeyText<'_>) -> KeyedCircuit {
        let family = self.family(config);
        family.check(config, self.location);
        family.circuit(key)
    }

    /// The circuit of the key, for a name that differs between the instances of a generic.
    #[track_caller]
    pub fn circuit_of_name(
        name: &'static str,
        config: &CircuitBreakerConfig,
        key: KeyText<'_>,
    ) -> KeyedCircuit {
        let location = Location::caller();
        FAMILIES
            .get_or_register(name, config, location)
            .circuit(key)
    }

    #[inline]
    fn family(&self, config: &CircuitBreakerConfig) -> &Family {
        match self.family.get() {
            Some(family) => family,
            None => self.register(config),
        }
    }

    #[cold]
    fn register(&self, config: &CircuitBreakerConfig) -> &Family {
        // The registry is asked outside of `get_or_init`, because other callers would wait there
        // while a clash is logged.
        let family = FAMILIES.get_or_register(self.name, config, self.location);
        if !self.is_named && family.declared_at() != self.location {
            log::shared_by_default(self.name, family.declared_at(), self.location);
        }
        self.family.get_or_init(|| family)
    }
}
