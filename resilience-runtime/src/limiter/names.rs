//! The limiters of a policy in the process, by name.

use std::{
    panic::Location,
    // The types are the standard library's, because loom's cannot be statics.
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use super::{limiter::Limiter, named::Named};
use crate::{name::Name, name_table::NameTable};

/// A limiter that the process has by name.
pub(crate) trait Registered: Limiter {
    /// The limiters of the process.
    fn names() -> &'static Names<Self>;
}

/// The names are constants, so a program has a limited number of them, and what they name stays for
/// as long as the process lives.
pub(crate) struct Names<L: Limiter>(RwLock<NameTable<&'static Named<L>>>);

impl<L: Limiter> Names<L> {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(NameTable::new()))
    }

    /// The limiters of that name; new ones, declared at `location`, if there are none.
    pub(crate) fn get_or_register(
        &self,
        name: &'static str,
        config: &L::Config,
        location: &'static Location<'static>,
    ) -> &'static Named<L> {
        let named = self
            .get(name)
            .unwrap_or_else(|| self.insert(name, config, location));
        named.check(config, location);
        named
    }

    #[cold]
    fn insert(
        &self,
        name: &'static str,
        config: &L::Config,
        location: &'static Location<'static>,
    ) -> &'static Named<L> {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let make = || Named::new(Name::Static(name), config, location);
        names.get_or_insert_with(name, || Box::leak(Box::new(make())))
    }

    fn read(&self) -> RwLockReadGuard<'_, NameTable<&'static Named<L>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'static Named<L>> {
        self.read().get(name).copied()
    }

    /// All names in their order, so that nothing is done with them under the lock.
    pub(crate) fn all(&self) -> Vec<&'static Named<L>> {
        self.read().values().copied().collect()
    }
}
