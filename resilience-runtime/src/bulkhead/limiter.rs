//! Bulkheads by name and by key.

use std::{panic::Location, time::Duration};

use super::{
    config::BulkheadConfig,
    error::BulkheadFull,
    handle::Bulkhead,
    log,
    stats::{BulkheadCounts, BulkheadStats},
};
use crate::{
    keyed::Standing,
    limiter::{Configured, KeyedLimiter, Limiter, LimiterSite, Named, Names, Registered, Report},
    name::Name,
    scope::per_scope,
};

per_scope! {
    /// The bulkheads of the process.
    static NAMES: Names<Bulkhead> = Names::new();
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
        &NAMES
    }
}

impl Limiter for Bulkhead {
    type Counts = BulkheadCounts;

    fn with_name(
        name: Name,
        config: &BulkheadConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        Self::new_at(name, config, declared_at)
    }

    fn shared(config: &BulkheadConfig) -> BulkheadConfig {
        config.max_wait(Duration::ZERO)
    }

    fn with_wait_of(named: BulkheadConfig, call: &BulkheadConfig) -> BulkheadConfig {
        named.max_wait(call.get_max_wait())
    }

    fn max_keys(config: &BulkheadConfig) -> u32 {
        config.get_max_keys()
    }

    fn idle(config: &BulkheadConfig) -> Duration {
        config.get_idle()
    }

    fn adopt(&self, config: &BulkheadConfig) {
        let slots = &self.shared().slots;
        slots.set_limit(config.get_max_concurrent());
    }

    fn standing(&self, _: u64) -> Standing {
        let numbers = self.shared().slots.numbers();
        Standing {
            is_in_use: numbers.running > 0 || numbers.waiting > 0,
            idle_since: self.shared().idle_since(),
            fresh_at: Some(0),
        }
    }

    fn counts(&self) -> BulkheadCounts {
        self.stats().counts()
    }

    fn add_counts(sum: &mut BulkheadCounts, counts: BulkheadCounts) {
        sum.add(counts);
    }

    fn report(name: &str, report: Report<'_, BulkheadConfig>) {
        log::report(name, report);
    }
}

/// The bulkhead of that name, and a new one if there is none.
pub(crate) fn get_or_register(
    name: &'static str,
    config: &BulkheadConfig,
    location: &'static Location<'static>,
) -> Bulkhead {
    let bulkhead = NAMES.get_or_register(name, config, location).single(config);
    bulkhead.clone()
}

/// Gives the bulkheads of a name another configuration. False if there are none.
pub(crate) fn reconfigure(name: &str, config: &BulkheadConfig) -> bool {
    NAMES
        .get(name)
        .map(|named| named.reconfigure(config))
        .is_some()
}

/// The statistics of the bulkheads of that name.
pub(crate) fn stats(name: &str) -> Option<BulkheadStats> {
    NAMES.get(name).map(sum)
}

/// The statistics of the bulkhead of a key.
pub(crate) fn key_stats(name: &str, key: &str) -> Option<BulkheadStats> {
    Some(NAMES.get(name)?.get_key(key)?.stats())
}

/// The statistics of all bulkheads, in the order of their names.
pub(crate) fn all_stats() -> Vec<BulkheadStats> {
    NAMES.all().into_iter().map(sum).collect()
}

/// Adds up the bulkheads of a name.
fn sum(named: &'static Named<Bulkhead>) -> BulkheadStats {
    let (keys, evicted) = named.key_counts();
    let mut sum = BulkheadStats {
        name: named.name().to_owned(),
        key: None,
        limit: named.config().get_max_concurrent(),
        in_use: 0,
        waiting: 0,
        admitted: evicted.admitted,
        refused: evicted.refused,
        would_refuse: evicted.would_refuse,
        keys: keys.keys,
        overflow: keys.overflow,
        evicted: keys.evicted,
        declared_at: named.declared_at(),
    };
    for stats in named.handles().iter().map(Bulkhead::stats) {
        sum.in_use += stats.in_use;
        sum.waiting += stats.waiting;
        sum.admitted += stats.admitted;
        sum.refused += stats.refused;
        sum.would_refuse += stats.would_refuse;
    }
    sum
}
