//! Rate limits by name and by key.

use std::{panic::Location, time::Duration};

use super::{
    config::RateLimitConfig,
    error::RateLimited,
    handle::RateLimit,
    log,
    stats::{RateLimitCounts, RateLimitStats},
};
use crate::{
    keyed::Standing,
    limiter::{Configured, KeyedLimiter, Limiter, LimiterSite, Named, Names, Registered, Report},
    name::Name,
    scope::per_scope,
};

per_scope! {
    /// The rate limits of the process.
    static NAMES: Names<RateLimit> = Names::new();
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
        &NAMES
    }
}

impl Limiter for RateLimit {
    type Counts = RateLimitCounts;

    fn with_name(
        name: Name,
        config: &RateLimitConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        Self::new_at(name, config, declared_at)
    }

    fn shared(config: &RateLimitConfig) -> RateLimitConfig {
        config.max_wait(Duration::ZERO)
    }

    fn with_wait_of(named: RateLimitConfig, call: &RateLimitConfig) -> RateLimitConfig {
        named.max_wait(call.get_max_wait())
    }

    fn max_keys(config: &RateLimitConfig) -> u32 {
        config.get_max_keys()
    }

    fn idle(config: &RateLimitConfig) -> Duration {
        config.get_idle()
    }

    fn adopt(&self, config: &RateLimitConfig) {
        self.shared().configure(config, false);
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

    fn counts(&self) -> RateLimitCounts {
        self.stats().counts()
    }

    fn add_counts(sum: &mut RateLimitCounts, counts: RateLimitCounts) {
        sum.add(counts);
    }

    fn report(name: &str, report: Report<'_, RateLimitConfig>) {
        log::report(name, report);
    }
}

/// The rate limit of that name, and a new one if there is none.
pub(crate) fn get_or_register(
    name: &'static str,
    config: &RateLimitConfig,
    location: &'static Location<'static>,
) -> RateLimit {
    let limit = NAMES.get_or_register(name, config, location).single(config);
    limit.clone()
}

/// Gives the rate limits of a name another configuration. False if there are none.
pub(crate) fn reconfigure(name: &str, config: &RateLimitConfig) -> bool {
    NAMES
        .get(name)
        .map(|named| named.reconfigure(config))
        .is_some()
}

/// The statistics of the rate limits of that name.
pub(crate) fn stats(name: &str) -> Option<RateLimitStats> {
    NAMES.get(name).map(sum)
}

/// The statistics of the rate limit of a key.
pub(crate) fn key_stats(name: &str, key: &str) -> Option<RateLimitStats> {
    Some(NAMES.get(name)?.get_key(key)?.stats())
}

/// The statistics of all rate limits, in the order of their names.
pub(crate) fn all_stats() -> Vec<RateLimitStats> {
    NAMES.all().into_iter().map(sum).collect()
}

/// Adds up the rate limits of a name.
fn sum(named: &'static Named<RateLimit>) -> RateLimitStats {
    let ((keys, evicted), config) = (named.key_counts(), named.config());
    let mut sum = RateLimitStats {
        name: named.name().to_owned(),
        key: None,
        limit: config.get_limit(),
        per: config.get_per(),
        burst: config.get_burst(),
        waiting: 0,
        admitted: evicted.admitted,
        refused: evicted.refused,
        would_refuse: evicted.would_refuse,
        keys: keys.keys,
        overflow: keys.overflow,
        evicted: keys.evicted,
        declared_at: named.declared_at(),
    };
    for stats in named.handles().iter().map(RateLimit::stats) {
        sum.waiting += stats.waiting;
        sum.admitted += stats.admitted;
        sum.refused += stats.refused;
        sum.would_refuse += stats.would_refuse;
    }
    sum
}
