//! The section `[hedge.NAME]` of the configuration file.

use core::time::Duration;

use resilience_macros::file_keys;

use super::config::HedgeConfig;
use crate::budget::{BUDGET_OF_HEDGES, RetryBudget, budget_in_file};
use crate::file::{ENABLED, SectionKind, SectionSpec, SectionValues};
use crate::operation::{ConfigInFile, Configured, FileLayer, FileSettings, InSlot, TypeKey};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "hedge",
    keys: file_keys!(hedge),
    own: &[BUDGET_OF_HEDGES, ENABLED],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// The values of a section.
#[derive(Debug)]
pub struct HedgeValues {
    after: Option<Duration>,
    percentile: Option<u8>,
    max_hedges: Option<u32>,
    budget: Option<&'static RetryBudget>,
}

impl FileSettings<HedgeConfig> for HedgeValues {
    fn set_on(&self, mut config: HedgeConfig) -> HedgeConfig {
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

    fn disable(_: HedgeConfig) -> HedgeConfig {
        HedgeConfig::disabled()
    }
}

/// A hedge with the values of its section.
pub(super) fn in_file(
    config: &HedgeConfig,
    operation: &'static str,
    values: &SectionValues,
) -> Box<dyn Configured> {
    let settings = HedgeValues {
        after: values.time("after"),
        percentile: values.word("after").and_then(percentile),
        max_hedges: values.count("max_hedges"),
        budget: budget_in_file("hedge", operation, values),
    };
    Box::new(ConfigInFile::new(*config, settings, values))
}

/// The percentile that a word such as `p95` names.
fn percentile(word: &str) -> Option<u8> {
    word.strip_prefix('p')?.parse().ok()
}

impl InSlot for HedgeConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<HedgeConfig> = TypeKey::new();
        &KEY
    }
}

impl FileLayer for HedgeConfig {
    type InFile = ConfigInFile<Self, HedgeValues>;

    fn with(self, in_file: &Self::InFile) -> Self {
        in_file.apply_to(self)
    }
}
