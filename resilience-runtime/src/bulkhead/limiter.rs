//! Bulkheads by name and by key.

use std::{panic::Location, sync::Arc, time::Duration};

use super::{
    config::BulkheadConfig, error::BulkheadFull, handle::Bulkhead, log, shared::Shared,
    stats::BulkheadStats,
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
    /// The bulkheads of the process.
    static NAMES: Names<Bulkhead> = Names::new();
}

/// The site of a `#[bulkhead]`.
#[doc(hidden)]
pub type BulkheadSite = LimiterSite<Bulkhead>;

/// The bulkhead of a call with a key.
#[doc(hidden)]
pub type KeyedBulkhead = KeyedLimiter<Bulkhead>;

impl LimiterTypes for Bulkhead {
    type Config = BulkheadConfig;
    type Refusal = BulkheadFull;
}

impl Registered for Bulkhead {
    fn names() -> &'static Names<Self> {
        &NAMES
    }
}

impl LimiterConfig for BulkheadConfig {
    const POLICY: &'static str = "bulkhead";

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
        settings.add("max_concurrent", self.get_max_concurrent());
    }
}

impl Limiter for Bulkhead {
    type Stats = BulkheadStats;

    fn new_at(
        name: Name,
        config: &BulkheadConfig,
        declared_at: &'static Location<'static>,
    ) -> Self {
        Self::of(Shared::new(name, config, declared_at))
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
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

    fn refusal_of(refusal: BulkheadFull, name: Name) -> BulkheadFull {
        refusal.of(name)
    }

    fn snapshot(&self) -> Snapshot<'_, BulkheadConfig> {
        self.shared().snapshot()
    }

    fn stats_of(snapshot: Snapshot<'_, BulkheadConfig>, _: Option<&Self>) -> BulkheadStats {
        let Totals { keys, counts } = snapshot.totals;
        BulkheadStats {
            name: snapshot.name.to_owned(),
            key: snapshot.key.map(str::to_owned),
            limit: snapshot.config.get_max_concurrent(),
            in_use: counts.in_use,
            waiting: counts.waiting,
            admitted: counts.admitted,
            refused: counts.refused,
            would_refuse: counts.would_refuse,
            keys: keys.keys,
            overflow: keys.overflow,
            evicted: keys.evicted,
            declared_at: snapshot.declared_at,
        }
    }

    fn report(name: &str, report: Report<'_, BulkheadConfig>) {
        log::report(name, report);
    }
}
