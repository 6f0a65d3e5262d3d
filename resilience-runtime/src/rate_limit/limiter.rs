//! Rate limits by name and by key.

use std::{panic::Location, time::Duration};

#[cfg(feature = "config")]
use super::file;
use super::{
    config::RateLimitConfig, error::RateLimited, handle::RateLimit, log, stats::RateLimitStats,
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
    /// The rate limits of the process.
    static NAMES: Names<RateLimit> = Names::new();
}

/// The rate limits of the process.
pub(crate) fn names() -> &'static Names<RateLimit> {
    &NAMES
}

/// The site of a `#[rate_limit]`.
#[doc(hidden)]
pub type RateLimitSite = LimiterSite<RateLimit>;

/// The rate limit of a call with a key.
#[doc(hidden)]
pub type KeyedRateLimit = KeyedLimiter<RateLimit>;

impl KeyedRateLimit {
    /// The refusal with the key of the caller.
    pub fn named(&self, limited: RateLimited) -> RateLimited {
        match self.shared_name() {
            Some(name) => limited.of(name.clone()),
            None => limited,
        }
    }
}

impl Configured for RateLimit {
    type Config = RateLimitConfig;
}

impl Registered for RateLimit {
    fn names() -> &'static Names<Self> {
        names()
    }
}

impl Limiter for RateLimit {
    type Stats = RateLimitStats;

    #[cfg(feature = "config")]
    const WORD: &'static str = "rate limit";

    #[cfg(feature = "config")]
    const POLICY: &'static RateLimitConfig = &RateLimitConfig::unset();

    fn with_name(
        name: Name,
        present: &Present<RateLimitConfig>,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let new = Self::new_at(name, &present.config, declared_at);
        new.adopt(present);
        new
    }

    fn is_same(&self, other: &Self) -> bool {
        Self::is_same(self, other)
    }

    fn shared(config: &RateLimitConfig) -> RateLimitConfig {
        config.max_wait(Duration::ZERO)
    }

    fn with_wait(config: RateLimitConfig, wait: Duration) -> RateLimitConfig {
        config.max_wait(wait)
    }

    fn wait(config: &RateLimitConfig) -> Duration {
        config.get_max_wait()
    }

    fn max_keys(config: &RateLimitConfig) -> u32 {
        config.get_max_keys()
    }

    fn idle(config: &RateLimitConfig) -> Duration {
        config.get_idle()
    }

    fn adopt(&self, present: &Present<RateLimitConfig>) {
        self.shared().configure(&present.config);
        self.shared().set_modes(present.modes);
    }

    fn standing(&self, now: u64) -> Standing {
        let shared = self.shared();
        let last_call = shared.last_call();
        Standing {
            is_in_use: shared.is_waited_for(),
            idle_since: last_call.min(now),
            // A limit equals a new one when no cell is taken.
            fresh_at: Some(shared.idle_at()),
        }
    }

    fn counts(&self) -> Counts {
        let stats = self.stats();
        Counts {
            in_use: 0,
            waiting: stats.waiting,
            admitted: stats.admitted,
            refused: stats.refused,
            would_refuse: stats.would_refuse,
        }
    }

    fn stats(&self) -> RateLimitStats {
        self.shared().stats()
    }

    fn stats_of_name(
        name: &str,
        config: &RateLimitConfig,
        declared_at: &'static Location<'static>,
        Totals { keys, counts }: Totals,
    ) -> RateLimitStats {
        RateLimitStats {
            name: name.to_owned(),
            key: None,
            limit: config.get_limit(),
            per: config.get_per(),
            burst: config.get_burst(),
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

    fn report(name: &str, report: Report<'_, RateLimitConfig>) {
        log::report(name, report);
    }

    #[cfg(feature = "config")]
    fn section() -> &'static SectionSpec {
        &file::FILE
    }

    #[cfg(feature = "config")]
    fn with_values(
        config: RateLimitConfig,
        values: &SectionValues,
    ) -> Result<RateLimitConfig, ConfigError> {
        file::settings(values).apply_to(config)
    }
}
