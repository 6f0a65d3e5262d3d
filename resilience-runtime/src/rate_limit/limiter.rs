//! Rate limits by name and by key.

use std::{panic::Location, time::Duration};

use super::{
    config::RateLimitConfig,
    error::RateLimited,
    followers::{tell_came, tell_went},
    handle::RateLimit,
    log,
    shared::Shared,
    stats::RateLimitStats,
};
use crate::{
    by_name::Name,
    keyed::Standing,
    limiter::{
        CommonSettings, KeyedLimiter, Limiter, LimiterConfig, LimiterSite, LimiterTypes, Names,
        Present, Registered, Report, Snapshot, Totals,
    },
    operation::DescribedSettings,
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

impl LimiterTypes for RateLimit {
    type Config = RateLimitConfig;
    type Refusal = RateLimited;
}

impl Registered for RateLimit {
    fn names() -> &'static Names<Self> {
        &NAMES
    }
}

impl LimiterConfig for RateLimitConfig {
    const POLICY: &'static str = "rate_limit";

    const UNSET: &'static Self = &Self::unset();

    fn common(&self) -> CommonSettings {
        CommonSettings {
            max_wait: self.get_max_wait(),
            max_keys: self.get_max_keys(),
            idle: self.get_idle(),
        }
    }

    fn with_wait(self, wait: Duration) -> Self {
        self.max_wait(wait)
    }

    fn describe_limit(&self, settings: &mut DescribedSettings<'_>) {
        settings.add("limit", self.get_limit());
        settings.add_time("per", self.get_per());
        settings.add("burst", self.get_burst());
    }
}

impl Limiter for RateLimit {
    type Stats = RateLimitStats;

    fn new_at(
        name: Name,
        config: &RateLimitConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        Self::of(Shared::new(name, config, declared_at))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.is_same(other)
    }

    fn came(&self) {
        tell_came(self);
    }

    fn went(&self) {
        tell_went(self);
    }

    fn adopt(&self, present: &Present<RateLimitConfig>) {
        self.shared().configure(&present.config);
        self.shared().set_modes(present.modes);
    }

    fn standing(&self, now: u64) -> Standing {
        let shared = self.shared();
        Standing {
            is_in_use: shared.is_waited_for(),
            idle_since: shared.last_call().min(now),
            // A limit equals a new one when no cell is taken.
            fresh_at: Some(shared.idle_at()),
        }
    }

    fn refusal_of(refusal: RateLimited, name: Name) -> RateLimited {
        refusal.of(name)
    }

    fn snapshot(&self) -> Snapshot<'_, RateLimitConfig> {
        self.shared().snapshot()
    }

    fn stats_of(snapshot: Snapshot<'_, RateLimitConfig>, limiter: Option<&Self>) -> RateLimitStats {
        let Totals { keys, counts } = snapshot.totals;
        RateLimitStats {
            name: snapshot.name.to_owned(),
            key: snapshot.key.map(str::to_owned),
            limit: snapshot.config.get_limit(),
            per: snapshot.config.get_per(),
            burst: snapshot.config.get_burst(),
            waiting: counts.waiting,
            admitted: counts.admitted,
            refused: counts.refused,
            would_refuse: counts.would_refuse,
            keys: keys.keys,
            overflow: keys.overflow,
            evicted: keys.evicted,
            fleet: limiter.and_then(|limiter| limiter.shared().fleet_view()),
            declared_at: snapshot.declared_at,
        }
    }

    fn report(name: &str, report: Report<'_, RateLimitConfig>) {
        log::report(name, report);
    }
}
