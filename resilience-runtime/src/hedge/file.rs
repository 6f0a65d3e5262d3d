//! The section `[hedge.NAME]` of the configuration file.

use core::any::Any;
use core::time::Duration;

use resilience_macros::file_keys;

use super::config::HedgeConfig;
use crate::budget::{BUDGET_OF_HEDGES, RetryBudget, budget_in_file};
use crate::file::{ENABLED, SectionKind, SectionSpec, SectionValues};
use crate::operation::{Configured, Described, FileLayer, InSlot, Slot, TypeKey};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "hedge",
    keys: file_keys!(hedge),
    own: &[BUDGET_OF_HEDGES, ENABLED],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// A hedge with the values of its section.
#[derive(Debug)]
pub struct HedgeInFile {
    after: Option<Duration>,
    percentile: Option<u8>,
    max_hedges: Option<u32>,
    budget: Option<&'static RetryBudget>,
    is_enabled: bool,
    /// The settings on the constant part of the configuration.
    described: HedgeConfig,
    /// The values on the constant part of the configuration.
    config: HedgeConfig,
}

impl HedgeInFile {
    /// The settings, whether the hedge is enabled or not.
    fn settings_on(&self, mut config: HedgeConfig) -> HedgeConfig {
        if let Some(after) = self.after {
            config = config.after(after);
        }
        if let Some(percentile) = self.percentile {
            config = config.after_percentile(percentile);
        }
        if let Some(hedges) = self.max_hedges {
            config = config.max_hedges(hedges);
        }
        self.budget.map_or(config, |budget| config.budget(budget))
    }

    fn apply_to(&self, config: HedgeConfig) -> HedgeConfig {
        if self.is_enabled {
            self.settings_on(config)
        } else {
            HedgeConfig::disabled()
        }
    }
}

pub(super) fn resolve(
    config: &HedgeConfig,
    operation: &'static str,
    values: &SectionValues,
) -> Box<dyn Configured> {
    let mut in_file = HedgeInFile {
        after: values.time("after"),
        percentile: values.word("after").and_then(percentile),
        max_hedges: values.count("max_hedges"),
        budget: budget_in_file("hedge", operation, values),
        is_enabled: values.flag("enabled").unwrap_or(true),
        described: *config,
        config: *config,
    };
    in_file.described = in_file.settings_on(*config);
    in_file.config = in_file.apply_to(*config);
    Box::new(in_file)
}

/// The percentile that a word such as `p95` names.
fn percentile(word: &str) -> Option<u8> {
    word.strip_prefix('p')?.parse().ok()
}

impl Configured for HedgeInFile {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn constant(&self) -> &dyn Described {
        &self.config
    }

    fn slot(&'static self) -> Slot {
        Slot::of(&self.config)
    }

    fn settings(&self) -> &dyn Described {
        &self.described
    }
}

impl InSlot for HedgeConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<HedgeConfig> = TypeKey::new();
        &KEY
    }
}

impl FileLayer for HedgeConfig {
    type InFile = HedgeInFile;

    fn with(self, in_file: &HedgeInFile) -> Self {
        in_file.apply_to(self)
    }
}
