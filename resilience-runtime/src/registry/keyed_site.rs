//! The site of an attribute with `key = …` in the user's code.

use std::{
    panic::Location,
    // The lock is the standard library's, because a static needs a constant constructor.
    sync::{Arc, OnceLock},
};

use super::{families::FAMILIES, site_name::SiteName};
use crate::{
    circuit::{CircuitBreakerConfig, Family, KeyedCircuit},
    keyed::KeyText,
    operation::Operation,
    scope::here,
    settings::LayerOptions,
};

/// One `#[circuit_breaker(key = …)]`. It looks its family up in the registry once, because a family
/// stays there.
#[doc(hidden)]
#[derive(Debug)]
pub struct KeyedSite {
    name: SiteName,
    family: OnceLock<Arc<Family>>,
}

impl KeyedSite {
    /// The site of circuits with a name of their own.
    #[must_use]
    pub const fn new(name: &'static str, operation: &'static Operation) -> Self {
        Self::at(SiteName::new(Some(name), operation))
    }

    /// A site without a name goes by the operation.
    #[must_use]
    pub const fn unnamed(operation: &'static Operation) -> Self {
        Self::at(SiteName::new(None, operation))
    }

    const fn at(name: SiteName) -> Self {
        Self {
            name,
            family: OnceLock::new(),
        }
    }

    /// The circuit of the key. The family is registered with `config` on first use.
    #[inline]
    pub fn circuit(&'static self, config: &CircuitBreakerConfig, key: KeyText<'_>) -> KeyedCircuit {
        self.family(config).circuit(key)
    }

    /// The circuit of the key, for a configuration that each call computes: the family takes or
    /// reports another value.
    #[inline]
    pub fn circuit_checked(
        &'static self,
        config: &CircuitBreakerConfig,
        key: KeyText<'_>,
    ) -> KeyedCircuit {
        let family = self.family(config);
        family.check(config, self.name.location());
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
            .get_or_register(name, config, LayerOptions::default(), location)
            .circuit(key)
    }

    #[inline]
    fn family(&'static self, config: &CircuitBreakerConfig) -> &'static Family {
        let site = here!(self);
        match site.family.get() {
            Some(family) => family,
            None => site.register(config),
        }
    }

    #[cold]
    fn register(&self, config: &CircuitBreakerConfig) -> &Family {
        // The registry is asked outside of `get_or_init`, because other callers would wait there
        // while a clash is logged.
        let (name, location) = (self.name.name(), self.name.location());
        let options = self.name.options(config);
        let family = FAMILIES.get_or_register(name, config, options, location);
        self.name.report_if_shared(family.declared_at());
        self.family.get_or_init(|| family)
    }
}

#[cfg(feature = "test-util")]
impl crate::scope::Own for KeyedSite {
    fn unused(&self) -> Self {
        Self::at(self.name)
    }
}
