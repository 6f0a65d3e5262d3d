//! The settings of `#[timeout]`, as the statistics describe them.

use super::config::TimeoutConfig;
#[cfg(feature = "config")]
use crate::file::{Contradiction, SectionSpec, SectionValues};
#[cfg(feature = "config")]
use crate::operation::{Configured, LayerTimes, Slot};
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::settings::LayerOptions;

impl Described for TimeoutConfig {
    fn policy(&self) -> &'static str {
        "timeout"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        settings.add_time("limit", self.get_limit());
        settings.add_optional("message", self.get_message());
        settings.add_option("mode");
    }

    #[cfg(feature = "config")]
    fn slot(&'static self) -> Slot {
        Slot::of(self)
    }

    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        Some(&super::file::FILE)
    }

    #[cfg(feature = "config")]
    fn in_file(
        &self,
        _: LayerOptions,
        _: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        Ok(Some(super::file::in_file(self, values)))
    }

    #[cfg(feature = "config")]
    fn times(&self, options: LayerOptions, values: &SectionValues) -> LayerTimes {
        super::file::times(self, options, values)
    }
}
