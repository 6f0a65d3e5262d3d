//! The limiters of one name, and their configuration.

use std::{
    panic::Location,
    // The types are the standard library's, because no lock-free decision depends on them.
    sync::{OnceLock, PoisonError, RwLock},
};

use super::{
    found::KeyedLimiter,
    keys::{KeyCounts, Keys},
    limiter::{Limiter, Report},
};
use crate::{
    declaration::{Declarations, EarlierConfigs, NewValue, is_same_line},
    keyed::KeyText,
    name::Name,
};

/// The limiters of one name: one without a key, and one for each key. A name usually has one of the
/// two kinds.
#[derive(Debug)]
pub(crate) struct Named<L: Limiter> {
    name: Name,
    declared_at: &'static Location<'static>,
    config: RwLock<L::Config>,
    declarations: Declarations,
    earlier_configs: EarlierConfigs<L::Config>,
    single: OnceLock<L>,
    keys: OnceLock<Keys<L>>,
}

impl<L: Limiter> Named<L> {
    pub(super) fn new(
        name: Name,
        config: &L::Config,
        declared_at: &'static Location<'static>,
    ) -> Self {
        Self {
            name,
            declared_at,
            config: RwLock::new(L::shared(config)),
            declarations: Declarations::default(),
            earlier_configs: EarlierConfigs::default(),
            single: OnceLock::new(),
            keys: OnceLock::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn declared_at(&self) -> &'static Location<'static> {
        self.declared_at
    }

    pub(crate) fn config(&self) -> L::Config {
        *self.config.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limiter without a key. `call` is the configuration of the caller: the first one decides how
    /// long callers by handle wait.
    pub(crate) fn single(&self, call: &L::Config) -> &L {
        if let Some(limiter) = self.single.get() {
            return limiter;
        }
        self.report_two_kinds(self.keys.get().is_some());
        let make = || {
            let config = L::with_wait_of(self.config(), call);
            L::with_name(self.name.clone(), &config, self.declared_at)
        };
        let limiter = self.single.get_or_init(make);
        // The configuration may have changed while the limiter was made.
        self.adopt_all();
        limiter
    }

    /// The limiter of the key.
    #[inline]
    pub(super) fn of_key(&self, key: KeyText<'_>) -> KeyedLimiter<L> {
        let keys = match self.keys.get() {
            Some(keys) => keys,
            None => self.make_keys(),
        };
        keys.limiter(key, || self.config())
    }

    #[cold]
    fn make_keys(&self) -> &Keys<L> {
        self.report_two_kinds(self.single.get().is_some());
        self.keys
            .get_or_init(|| Keys::new(self.name.clone(), self.declared_at))
    }

    fn report_two_kinds(&self, has_other: bool) {
        if has_other {
            let declared_at = self.declared_at;
            L::report(&self.name, Report::TwoKinds { declared_at });
        }
    }

    /// Compares the configuration that a call declares at `location` with the one that the name
    /// has.
    pub(super) fn check(&self, config: &L::Config, location: &Location<'_>) {
        let config = L::shared(config);
        if self.config() != config {
            self.declare(&config, location);
        }
    }

    /// Takes or reports a configuration that differs from the one that the name has.
    #[cold]
    fn declare(&self, config: &L::Config, location: &Location<'_>) {
        let declared_at = self.declared_at;
        if !is_same_line(declared_at, location) {
            if self.declarations.clash() {
                let clash = Report::Clash {
                    declared_at,
                    kept: &self.config(),
                    clashes_at: location,
                    refused: config,
                };
                L::report(&self.name, clash);
            }
            return;
        }
        let is_active = |config: &L::Config| self.config() == *config;
        let take = |config: &L::Config| self.replace(config);
        let decided = self
            .declarations
            .decide(&self.earlier_configs, config, is_active, take);
        match decided {
            NewValue::Ignored => {}
            NewValue::Taken => {
                self.adopt_all();
                L::report(&self.name, Report::Reconfigured { config });
            }
            NewValue::TakesTurns => {
                let turns = Report::TakesTurns {
                    declared_at,
                    kept: &self.config(),
                    refused: config,
                };
                L::report(&self.name, turns);
            }
        }
    }

    /// Gives all limiters of the name another configuration. No source line changes it from now on.
    pub(crate) fn reconfigure(&self, config: &L::Config) {
        let config = &L::shared(config);
        self.declarations.end(&self.earlier_configs, || {
            self.replace(config);
        });
        self.adopt_all();
        L::report(&self.name, Report::Reconfigured { config });
    }

    /// Replaces the configuration and returns the one before.
    fn replace(&self, config: &L::Config) -> L::Config {
        let mut present = self.config.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *present, *config)
    }

    /// Gives all limiters the present configuration. No lock is held, because a limiter wakes
    /// waiters, so another change may come in between.
    fn adopt_all(&self) {
        loop {
            let config = self.config();
            for limiter in self.handles() {
                limiter.adopt(&config);
            }
            if self.config() == config {
                return;
            }
        }
    }

    /// All limiters of the name.
    pub(crate) fn handles(&self) -> Vec<L> {
        let keyed = self.keys.get().map(Keys::handles).unwrap_or_default();
        self.single
            .get()
            .cloned()
            .into_iter()
            .chain(keyed)
            .collect()
    }

    /// The limiter of the key, if it has one of its own.
    pub(crate) fn get_key(&self, key: &str) -> Option<L> {
        self.keys.get()?.get(key)
    }

    /// The numbers of keys, and the counts of the keys that were forgotten.
    pub(crate) fn key_counts(&self) -> (KeyCounts, L::Counts) {
        self.keys.get().map(Keys::counts).unwrap_or_default()
    }
}
