//! The section `[timeout.NAME]` of the configuration file.

use resilience_macros::file_keys;

use super::{config::TimeoutConfig, settings::TimeoutSettings};
use crate::file::{ENABLED, SectionKind, SectionSpec, SectionValues};
use crate::operation::{
    ConfigInFile, Configured, FileLayer, FileSettings, InSlot, LayerTimes, TypeKey,
};
use crate::settings::LayerOptions;

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "timeout",
    keys: file_keys!(timeout),
    own: &[ENABLED],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// A timeout with the values of its section.
pub(super) fn in_file(config: &TimeoutConfig, values: &SectionValues) -> Box<dyn Configured> {
    let settings = TimeoutSettings {
        limit: values.time("limit"),
    };
    Box::new(ConfigInFile::new(*config, settings, values))
}

impl FileSettings<TimeoutConfig> for TimeoutSettings {
    fn set_on(&self, config: TimeoutConfig) -> TimeoutConfig {
        self.apply_to(config).unwrap_or(config)
    }

    fn disable(config: TimeoutConfig) -> TimeoutConfig {
        config.disabled()
    }
}

/// The times that can contradict those of other layers.
pub(super) fn times(
    config: &TimeoutConfig,
    options: LayerOptions,
    values: &SectionValues,
) -> LayerTimes {
    if config.is_disabled() {
        return LayerTimes::default();
    }
    let in_file = values.time("limit").map(|limit| (limit, Some("limit")));
    let is_constant = options.has("limit") && !options.computes("limit");
    let own = is_constant.then(|| (config.get_limit(), None));
    LayerTimes {
        limit: in_file.or(own),
        ..LayerTimes::default()
    }
}

impl InSlot for TimeoutConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<TimeoutConfig> = TypeKey::new();
        &KEY
    }
}

impl FileLayer for TimeoutConfig {
    type InFile = ConfigInFile<Self, TimeoutSettings>;

    fn with(self, in_file: &Self::InFile) -> Self {
        in_file.apply_to(self)
    }
}
