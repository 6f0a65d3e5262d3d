//! The limiters of one name, and their configuration.

use std::{
    panic::Location,
    // The types are the standard library's, because no lock-free decision depends on them.
    sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

#[cfg(feature = "config")]
use super::in_file::{Resolved, configured};
use super::{
    config::LimiterConfig, counts::Totals, found::KeyedLimiter, keys::Keys, limiter::Limiter,
    present::Present, report::Report, snapshot::Snapshot,
};
#[cfg(feature = "config")]
use crate::file::Values;
use crate::{
    by_name::{Declarations, EarlierConfigs, Name, NewValue, is_same_line},
    keyed::KeyText,
    settings::LayerOptions,
};

/// The limiters of one name: one without a key, and one for each key. A name usually has one of the
/// two kinds.
#[derive(Debug)]
pub(crate) struct Named<L: Limiter> {
    name: Name,
    declared_at: &'static Location<'static>,
    /// The options of the attribute that declared the name.
    #[cfg(feature = "config")]
    options: LayerOptions,
    configs: RwLock<Configs<L::Config>>,
    declarations: Declarations,
    earlier_configs: EarlierConfigs<L::Config>,
    single: OnceLock<L>,
    keys: OnceLock<Keys<L>>,
}

/// The configuration of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configs<C> {
    /// The program declares this one.
    pub(super) declared: C,
    /// The limiters have this one, which differs by the values of the configuration file or by
    /// hand.
    pub(super) present: Present<C>,
    /// The program called `reconfigure`, and no file has named the limiter since then.
    pub(super) is_by_hand: bool,
}

/// The part of a configuration that belongs to the name. The time that a call waits belongs to the
/// function.
fn shared<C: LimiterConfig>(config: C) -> C {
    config.with_wait(Duration::ZERO)
}

impl<L: Limiter> Named<L> {
    pub(super) fn new(
        name: Name,
        config: &L::Config,
        options: LayerOptions,
        declared_at: &'static Location<'static>,
    ) -> Self {
        #[cfg(not(feature = "config"))]
        let _ = options;
        let declared = shared(*config);
        Self {
            name,
            declared_at,
            #[cfg(feature = "config")]
            options,
            configs: RwLock::new(Configs {
                declared,
                present: Present::without_file(declared),
                is_by_hand: false,
            }),
            declarations: Declarations::default(),
            earlier_configs: EarlierConfigs::default(),
            single: OnceLock::new(),
            keys: OnceLock::new(),
        }
    }

    #[cfg(feature = "config")]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn declared_at(&self) -> &'static Location<'static> {
        self.declared_at
    }

    #[cfg(feature = "config")]
    pub(super) fn options(&self) -> LayerOptions {
        self.options
    }

    /// The declared configuration with the values of a file.
    #[cfg(feature = "config")]
    pub(super) fn resolved(&self, values: &Values) -> Resolved<L::Config> {
        let declared = self.configs().declared;
        Resolved::new(&self.name, &declared, self.options, values)
    }

    pub(super) fn configs(&self) -> RwLockReadGuard<'_, Configs<L::Config>> {
        self.configs.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_configs(&self) -> RwLockWriteGuard<'_, Configs<L::Config>> {
        self.configs.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&self) -> Present<L::Config> {
        self.configs().present
    }

    /// The configuration, if the program set it by hand.
    pub(crate) fn by_hand(&self) -> Option<L::Config> {
        let configs = self.configs();
        configs.is_by_hand.then_some(configs.present.config)
    }

    /// The configuration that the limiters have now.
    pub(crate) fn config(&self) -> L::Config {
        self.present().config
    }

    /// The limiter without a key. `call` is the configuration of the caller: the first one decides
    /// how long callers by handle wait.
    pub(crate) fn single(&self, call: &L::Config) -> &L {
        if let Some(limiter) = self.single.get() {
            return limiter;
        }
        self.report_two_kinds(self.keys.get().is_some());
        let mut is_new = false;
        let make = || {
            is_new = true;
            let Present { config, modes } = self.present();
            let config = config.with_wait(call.common().max_wait);
            L::with_name(
                self.name.clone(),
                &Present { config, modes },
                self.declared_at,
            )
        };
        let limiter = self.single.get_or_init(make);
        // The configuration may have changed while the limiter was made.
        self.adopt_all();
        if is_new {
            limiter.came();
        }
        limiter
    }

    /// True for the limiter without a key.
    pub(crate) fn is_single(&self, limiter: &L) -> bool {
        self.single
            .get()
            .is_some_and(|single| single.is_same(limiter))
    }

    /// The limiter of the key.
    #[inline]
    pub(super) fn of_key(&self, key: KeyText<'_>) -> KeyedLimiter<L> {
        let keys = match self.keys.get() {
            Some(keys) => keys,
            None => self.make_keys(),
        };
        keys.limiter(key, || self.present())
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
        let config = shared(*config);
        if self.configs().declared != config {
            self.declare(&config, location);
        }
    }

    /// Takes or reports a configuration that differs from the one that the program declared so far.
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
        match self.decide(config) {
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

    /// Decides over another value of the line. No other file is applied in the meantime, because
    /// both change the configuration.
    fn decide(&self, config: &L::Config) -> NewValue {
        #[cfg(feature = "config")]
        let current = crate::file::current();
        let is_active = |config: &L::Config| self.configs().declared == *config;
        let take = |config: &L::Config| {
            #[cfg(feature = "config")]
            let config_in_file = configured(&self.name, config, self.options, &current);
            #[cfg(not(feature = "config"))]
            let config_in_file = *config;
            let mut configs = self.change_configs();
            configs.present.config = config_in_file;
            std::mem::replace(&mut configs.declared, *config)
        };
        self.declarations
            .decide(&self.earlier_configs, config, is_active, take)
    }

    /// Gives all limiters of the name another configuration, until a file names them. No source
    /// line changes it from now on.
    pub(crate) fn reconfigure(&self, config: &L::Config) {
        let config = &shared(*config);
        self.declarations.end(&self.earlier_configs, || {
            let mut configs = self.change_configs();
            configs.present.config = *config;
            configs.is_by_hand = true;
        });
        self.adopt_all();
        L::report(&self.name, Report::Reconfigured { config });
    }

    /// Lets values of the file hold. Limiters that were reconfigured by hand keep their
    /// configuration until a file names them. [`adopt_all`](Self::adopt_all) gives the values to
    /// the limiters.
    #[cfg(feature = "config")]
    pub(super) fn hold(&self, in_file: &Present<L::Config>, is_named: bool) {
        self.earlier_configs.change(|| {
            let mut configs = self.change_configs();
            configs.present.modes = in_file.modes;
            configs.is_by_hand &= !is_named;
            if !configs.is_by_hand {
                configs.present.config = in_file.config;
            }
        });
    }

    /// Gives all limiters the present configuration. No lock is held, because a limiter wakes
    /// waiters, so another change may come in between.
    ///
    /// Whoever makes that change gives it to all limiters, too. So this thread only has to look
    /// that it does not leave an older configuration to a limiter, and not that all of them have
    /// the newest one: while others change it all the time, that would not end.
    pub(super) fn adopt_all(&self) {
        for limiter in self.handles() {
            loop {
                let present = self.present();
                limiter.adopt(&present);
                if self.present() == present {
                    break;
                }
            }
        }
    }

    /// All limiters of the name.
    pub(super) fn handles(&self) -> Vec<L> {
        let mut handles = self.keys.get().map(Keys::handles).unwrap_or_default();
        handles.extend(self.single.get().cloned());
        handles
    }

    /// All limiters of the name but the one that keys share.
    pub(super) fn handles_without_overflow(&self) -> Vec<L> {
        let keys = self.keys.get().map(Keys::handles_of_keys);
        let mut handles = keys.unwrap_or_default();
        handles.extend(self.single.get().cloned());
        handles
    }

    /// The limiter of the key, if it has one of its own.
    pub(super) fn get_key(&self, key: &str) -> Option<L> {
        self.keys.get()?.get(key)
    }

    /// The statistics of all limiters of the name.
    pub(super) fn stats(&self) -> L::Stats {
        let mut totals = self.keys.get().map_or_else(Totals::default, Keys::totals);
        if let Some(single) = self.single.get() {
            totals.counts.add(single.counts());
        }
        let snapshot = Snapshot {
            name: &self.name,
            key: None,
            config: self.config(),
            totals,
            declared_at: self.declared_at,
        };
        let of_key = || self.keys.get().and_then(Keys::any);
        let limiter = self.single.get().cloned().or_else(of_key);
        L::stats_of(snapshot, limiter.as_ref())
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
