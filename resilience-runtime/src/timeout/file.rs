//! The section `[timeout.NAME]` of the configuration file.

use std::any::Any;

use resilience_macros::file_keys;

use super::{config::TimeoutConfig, settings::TimeoutSettings};
use crate::file::{ENABLED, SectionKind, SectionSpec, SectionValues};
use crate::operation::{Configured, Described, FileLayer, InSlot, LayerTimes, Slot, TypeKey};
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
#[derive(Debug)]
pub struct TimeoutInFile {
    settings: TimeoutSettings,
    is_enabled: bool,
    /// The settings on the constant part of the configuration.
    described: TimeoutConfig,
    /// The values on the constant part of the configuration.
    config: TimeoutConfig,
}

impl TimeoutInFile {
    /// The settings, whether the timeout is enabled or not.
    fn settings_on(&self, config: TimeoutConfig) -> TimeoutConfig {
        self.settings.apply_to(config).unwrap_or(config)
    }

    fn apply_to(&self, config: TimeoutConfig) -> TimeoutConfig {
        let config = self.settings_on(config);
        if self.is_enabled {
            config
        } else {
            config.disabled()
        }
    }
}

pub(super) fn resolve(config: &TimeoutConfig, values: &SectionValues) -> Box<dyn Configured> {
    let mut in_file = TimeoutInFile {
        settings: TimeoutSettings {
            limit: values.time("limit"),
        },
        is_enabled: values.flag("enabled").unwrap_or(true),
        described: *config,
        config: *config,
    };
    in_file.described = in_file.settings_on(*config);
    in_file.config = in_file.apply_to(*config);
    Box::new(in_file)
}

impl Configured for TimeoutInFile {
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
    type InFile = TimeoutInFile;

    fn with(self, in_file: &TimeoutInFile) -> Self {
        in_file.apply_to(self)
    }
}
