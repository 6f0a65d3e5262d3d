//! The names that have a circuit for each key.

use std::{
    panic::Location,
    // The types are the standard library's, because loom's cannot be statics.
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use super::in_file::InFile;
use super::table::REGISTRY;
use crate::by_name::NameTable;
use crate::circuit::{CircuitBreaker, CircuitBreakerConfig, Family, Name, log};
use crate::scope::per_scope;
use crate::settings::LayerOptions;

per_scope! {
    /// The families of the process. Their names are constants, so a program has a limited number.
    pub(super) static FAMILIES: Families = Families::new();
}

pub(super) struct Families(RwLock<NameTable<Arc<Family>>>);

impl Families {
    const fn new() -> Self {
        Self(RwLock::new(NameTable::new()))
    }

    /// The family of that name; a new one, declared at `location`, if there is none.
    pub(super) fn get_or_register(
        &self,
        name: &'static str,
        config: &CircuitBreakerConfig,
        options: LayerOptions,
        location: &'static Location<'static>,
    ) -> Arc<Family> {
        let family = self
            .get(name)
            .unwrap_or_else(|| self.insert(name, config, options, location));
        family.check(config, location);
        family
    }

    #[cold]
    fn insert(
        &self,
        name: &'static str,
        config: &CircuitBreakerConfig,
        options: LayerOptions,
        location: &'static Location<'static>,
    ) -> Arc<Family> {
        let begun = InFile::begin();
        let new = Arc::new(Family::new(Name::Static(name), config, location).in_registry());
        let family = {
            let mut families = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(families.get_or_insert_with(name, || Arc::clone(&new)))
        };
        if Arc::ptr_eq(&new, &family) {
            begun.family(&family, options);
            #[cfg(feature = "test-util")]
            super::forced::begin_family(&family);
            for name in [family.name(), family.overflow_name()] {
                if let Some(circuit) = REGISTRY.get(name) {
                    self.report_same_name(name, circuit.declared_at());
                }
            }
        }
        family
    }

    /// Tells the log that a circuit of the registry has the name of a family, or the name of the
    /// circuit that keys of a family share.
    pub(super) fn report_same_name(&self, circuit: &str, declared_at: &Location<'_>) {
        if let Some(family) = self.get(circuit) {
            log::name_of_two_kinds(circuit, declared_at, family.declared_at());
        }
        if let Some(family) = Family::of_overflow(circuit).and_then(|name| self.get(name)) {
            log::name_of_overflow(circuit, declared_at, family.declared_at());
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, NameTable<Arc<Family>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Family>> {
        self.read().get(name).cloned()
    }

    pub(super) fn act(&self, name: &str, action: impl FnOnce(&Family)) -> bool {
        self.get(name).as_deref().map(action).is_some()
    }

    /// All families in the order of their names, so that nothing is done with them under the lock.
    pub(super) fn handles(&self) -> Vec<Arc<Family>> {
        self.read().values().cloned().collect()
    }

    /// The overflow circuit of that name.
    pub(super) fn overflow(&self, name: &str) -> Option<CircuitBreaker> {
        self.get(Family::of_overflow(name)?)?.overflow()
    }

    pub(super) fn overflows(&self) -> impl Iterator<Item = CircuitBreaker> {
        let families = self.handles().into_iter();
        families.filter_map(|family| family.overflow())
    }
}
