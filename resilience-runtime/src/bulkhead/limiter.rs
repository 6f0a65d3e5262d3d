//! Bulkheads by name and by key.

use std::{panic::Location, time::Duration};

#[cfg(feature = "config")]
use super::file;
use super::{
    config::BulkheadConfig, error::BulkheadFull, handle::Bulkhead, log, stats::BulkheadStats,
};
#[cfg(feature = "config")]
use crate::{
    config_error::ConfigError,
    file::{SectionSpec, SectionValues},
};
use crate::{
    keyed::Standing,
    limiter::{
        Configured, Counts, KeyedLimiter, Limiter, LimiterSite, Names, Present, Registered, Report,
        Totals,
    },
    name::Name,
    scope::per_scope,
};

per_scope! {
    /// The bulkheads of the process.
    static NAMES: Names<Bulkhead> = Names::new();
}

/// The bulkheads of the process.
pub(crate) fn names() -> &'static Names<Bulkhead> {
    &NAMES
}

/// The site of a `#[bulkhead]`.
#[doc(hidden)]
pub type BulkheadSite = LimiterSite<Bulkhead>;

/// The bulkhead of a call with a key.
#[doc(hidden)]
pub type KeyedBulkhead = KeyedLimiter<Bulkhead>;

impl KeyedBulkhead {
    /// The refusal with the key of the caller.
    pub fn named(&self, full: BulkheadFull) -> BulkheadFull {
        match self.shared_name() {
            Some(name) => full.of(name.clone()),
            None => full,
        }
    }
}

impl Configured for Bulkhead {
    type Config = BulkheadConfig;
}

impl Registered for Bulkhead {
    fn names() -> &'static Names<Self> {
        names()
    }
}

impl Limiter for Bulkhead {
    type Stats = BulkheadStats;

    #[cfg(feature = "config")]
    const WORD: &'static str = "bulkhead";

    #[cfg(feature = "config")]
    const POLICY: &'static BulkheadConfig = &BulkheadConfig::unset();

    fn with_name(
        name: Name,
        present: &Present<BulkheadConfig>,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let new = Self::new_at(name, &present.config, declared_at);
        new.adopt(present);
        new
    }

    fn is_same(&self, other: &Self) -> bool {
        Self::is_same(self, other)
    }

    fn shared(config: &BulkheadConfig) -> BulkheadConfig {
        config.max_wait(Duration::ZERO)
    }

    fn with_wait(config: BulkheadConfig, wait: Duration) -> BulkheadConfig {
        config.max_wait(wait)
    }

    fn wait(config: &BulkheadConfig) -> Duration {
        config.get_max_wait()
    }

    fn max_keys(config: &BulkheadConfig) -> u32 {
        config.get_max_keys()
    }

    fn idle(config: &BulkheadConfig) -> Duration {
        config.get_idle()
    }

    fn adopt(&self, present: &Present<BulkheadConfig>) {
        let slots = &self.shared().slots;
        slots.set_limit(present.config.get_max_concurrent());
        slots.set_modes(present.modes);
    }

    fn standing(&self, _: u64) -> Standing {
        let numbers = self.shared().slots.numbers();
        Standing {
            is_in_use: numbers.running > 0 || numbers.waiting > 0,
            idle_since: self.shared().idle_since(),
            fresh_at: Some(0),
        }
    }

    fn counts(&self) -> Counts {
        let stats = self.stats();
        Counts {
            in_use: stats.in_use,
            waiting: stats.waiting,
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        }
    }

    fn stats(&self) -> BulkheadStats {
        self.shared().stats()
    }

    fn stats_of_name(
        name: &str,
        config: &BulkheadConfig,
        declared_at: &'static Location<'static>,
        Totals { keys, counts }: Totals,
    ) -> BulkheadStats {
        BulkheadStats {
            name: name.to_owned(),
            key: None,
            limit: config.get_max_concurrent(),
            in_use: counts.in_use,
            waiting: counts.waiting,
            admitted: counts.admitted,
            refused: counts.refused,
            would_refuse: counts.would_refuse,
            keys: keys.keys,
            overflow: keys.overflow,
            evicted: keys.evicted,
            declared_at,
        }
    }

    fn report(name: &str, report: Report<'_, BulkheadConfig>) {
        log::report(name, report);
    }

    #[cfg(feature = "config")]
    fn section() -> &'static SectionSpec {
        &file::FILE
    }

    #[cfg(feature = "config")]
    fn with_values(
        config: BulkheadConfig,
        values: &SectionValues,
    ) -> Result<BulkheadConfig, ConfigError> {
        file::settings(values).apply_to(config)
    }
}
