//! The settings of a limiter, as the statistics describe them and as the configuration file gives
//! them to a function.

use super::config::{CommonSettings, LimiterConfig};
#[cfg(feature = "config")]
use super::in_file::{LimiterInFile, is_shared, layer_in_file, layer_times};
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::{
    file::{Contradiction, SectionSpec, SectionValues},
    operation::{Configured, FileLayer, LayerTimes, Slot},
    settings::LayerOptions,
};

impl<C: LimiterConfig> Described for C {
    fn policy(&self) -> &'static str {
        C::POLICY
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        let CommonSettings {
            max_wait,
            max_keys,
            idle,
        } = self.common();
        settings.add_name();
        if settings.has_option("key") {
            settings.add("key", "computed");
            settings.add("max_keys", max_keys);
            settings.add_time("idle", idle);
        }
        self.describe_limit(settings);
        settings.add_time("max_wait", max_wait);
    }

    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        Some(C::section())
    }

    #[cfg(feature = "config")]
    fn slot(&'static self) -> Slot {
        Slot::of(self)
    }

    #[cfg(feature = "config")]
    fn is_shared(&self, key: &str) -> bool {
        is_shared(key)
    }

    #[cfg(feature = "config")]
    fn in_file(
        &self,
        options: LayerOptions,
        _: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        let layer = layer_in_file(*self, options, values)?;
        Ok(Some(Box::new(layer)))
    }

    #[cfg(feature = "config")]
    fn times(&self, options: LayerOptions, values: &SectionValues) -> LayerTimes {
        layer_times(self, options, values)
    }
}

#[cfg(feature = "config")]
impl<C: LimiterConfig> FileLayer for C {
    type InFile = LimiterInFile<C>;

    fn with(self, in_file: &LimiterInFile<C>) -> C {
        in_file.max_wait.map_or(self, |wait| self.with_wait(wait))
    }
}
