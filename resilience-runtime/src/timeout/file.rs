//! The section `[timeout.NAME]` of the configuration file.

use std::any::Any;

use resilience_macros::file_keys;

use super::{config::TimeoutConfig, settings::TimeoutSettings};
use crate::file::{ENABLED, SectionKind, SectionSpec, SectionValues};
use crate::layer_options::LayerOptions;
use crate::operation::{Configured, Described, DescribedSettings, FileValues, LayerTimes};

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
struct TimeoutInFile {
    settings: TimeoutSettings,
    is_enabled: bool,
    /// The values on the constant part of the configuration.
    config: TimeoutConfig,
}

impl TimeoutInFile {
    fn apply_to(&self, config: TimeoutConfig) -> TimeoutConfig {
        let config = self.settings.apply_to(config).unwrap_or(config);
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
        config: *config,
    };
    in_file.config = in_file.apply_to(*config);
    Box::new(in_file)
}

impl Described for TimeoutInFile {
    fn policy(&self) -> &'static str {
        self.config.policy()
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        self.config.describe(settings);
    }
}

impl Configured for TimeoutInFile {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn constant(&self) -> &dyn Described {
        &self.config
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

impl TimeoutConfig {
    /// The configuration of the layer at that position, with the values of the file.
    #[doc(hidden)]
    #[inline]
    pub fn in_file(
        &'static self,
        file: Option<&'static FileValues>,
        layer: usize,
    ) -> &'static Self {
        match file {
            None => self,
            Some(values) => self.with_values(values, layer),
        }
    }

    #[inline(never)]
    fn with_values(&'static self, values: &'static FileValues, layer: usize) -> &'static Self {
        let in_file = values.layer::<TimeoutInFile>(layer);
        in_file.map_or(self, |in_file| &in_file.config)
    }

    /// Does the same for a configuration that each call computes.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn computed_in_file(self, file: Option<&'static FileValues>, layer: usize) -> Self {
        match file.and_then(|values| values.layer::<TimeoutInFile>(layer)) {
            None => self,
            Some(in_file) => in_file.apply_to(self),
        }
    }
}
