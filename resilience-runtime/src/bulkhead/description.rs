//! The settings of `#[bulkhead]`, as the statistics describe them.

use super::config::BulkheadConfig;
#[cfg(feature = "config")]
use super::handle::Bulkhead;
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::{
    file::{Contradiction, SectionSpec, SectionValues},
    layer_options::LayerOptions,
    limiter,
    operation::{Configured, LayerTimes},
};

impl Described for BulkheadConfig {
    fn policy(&self) -> &'static str {
        "bulkhead"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        settings.add_name();
        if settings.has_option("key") {
            settings.add("key", "computed");
            settings.add("max_keys", self.get_max_keys());
            settings.add_time("idle", self.get_idle());
        }
        settings.add("max_concurrent", self.get_max_concurrent());
        settings.add_time("max_wait", self.get_max_wait());
    }

    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        Some(&super::file::FILE)
    }

    #[cfg(feature = "config")]
    fn is_shared(&self, key: &str) -> bool {
        limiter::is_shared(key)
    }

    #[cfg(feature = "config")]
    fn in_file(
        &self,
        options: LayerOptions,
        _: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        limiter::layer_in_file::<Bulkhead>(self, options, values)
    }

    #[cfg(feature = "config")]
    fn times(&self, options: LayerOptions, values: &SectionValues) -> LayerTimes {
        limiter::layer_times::<Bulkhead>(self, options, values)
    }
}
