//! The limiters of a policy in the process, by name.

use std::{
    panic::Location,
    // The types are the standard library's, because loom's cannot be statics.
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

#[cfg(feature = "config")]
use super::begun::Begun;
use super::{limiter::Limiter, named::Named};
use crate::{
    by_name::{Name, NameTable},
    settings::LayerOptions,
};

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

    /// The limiters of that name; new ones, declared at `location`, if there are none. `options`
    /// are those of the attribute.
    pub(super) fn get_or_register(
        &self,
        name: &'static str,
        config: &L::Config,
        options: LayerOptions,
        location: &'static Location<'static>,
    ) -> &'static Named<L> {
        let named = self
            .get(name)
            .unwrap_or_else(|| self.insert(name, config, options, location));
        named.check(config, location);
        named
    }

    /// The limiter of that name for a caller without an attribute.
    pub(crate) fn handle(
        &self,
        name: &'static str,
        config: &L::Config,
        location: &'static Location<'static>,
    ) -> L {
        let named = self.get_or_register(name, config, LayerOptions::default(), location);
        named.single(config).clone()
    }

    #[cold]
    fn insert(
        &self,
        name: &'static str,
        config: &L::Config,
        options: LayerOptions,
        location: &'static Location<'static>,
    ) -> &'static Named<L> {
        let new = Named::new(Name::Static(name), config, options, location);
        // No other file is applied until the limiter is in the registry with the values of this
        // one.
        #[cfg(feature = "config")]
        let current = crate::file::current();
        #[cfg(feature = "config")]
        let begun = Begun::new(&new, &current);
        let (named, is_new) = {
            let mut registered = self.write();
            let mut is_new = false;
            let named = registered.get_or_insert_with(name, || {
                is_new = true;
                Box::leak(Box::new(new))
            });
            (*named, is_new)
        };
        #[cfg(feature = "config")]
        {
            drop(current);
            if let Some(begun) = begun.filter(|_| is_new) {
                begun.tell();
            }
        }
        #[cfg(not(feature = "config"))]
        let _ = is_new;
        named
    }

    fn read(&self) -> RwLockReadGuard<'_, NameTable<&'static Named<L>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, NameTable<&'static Named<L>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'static Named<L>> {
        self.read().get(name).copied()
    }

    /// All names in their order, so that nothing is done with them under the lock.
    pub(crate) fn all(&self) -> Vec<&'static Named<L>> {
        self.read().values().copied().collect()
    }

    /// The limiters of all names, without those that keys share.
    pub(crate) fn handles(&self) -> Vec<L> {
        let mut handles = Vec::new();
        for named in self.all() {
            handles.extend(named.handles_without_overflow());
        }
        handles
    }

    /// Gives the limiters of a name another configuration. False if there are none.
    pub(crate) fn reconfigure(&self, name: &str, config: &L::Config) -> bool {
        self.get(name)
            .map(|named| named.reconfigure(config))
            .is_some()
    }

    /// The statistics of the limiters of that name.
    pub(crate) fn stats(&self, name: &str) -> Option<L::Stats> {
        self.get(name).map(Named::stats)
    }

    /// The statistics of the limiter of a key.
    pub(crate) fn stats_of_key(&self, name: &str, key: &str) -> Option<L::Stats> {
        let limiter = self.get(name)?.get_key(key)?;
        Some(L::stats_of(limiter.snapshot(), Some(&limiter)))
    }

    /// The statistics of all limiters, in the order of their names.
    pub(crate) fn all_stats(&self) -> Vec<L::Stats> {
        self.all().into_iter().map(Named::stats).collect()
    }
}
