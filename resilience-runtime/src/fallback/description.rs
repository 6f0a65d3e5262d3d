//! The settings of `#[fallback]`, as the statistics describe them.

use super::layer::Fallback;
#[cfg(feature = "config")]
use crate::file::{Contradiction, SectionSpec, SectionValues};
#[cfg(feature = "config")]
use crate::operation::Configured;
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::settings::LayerOptions;

impl Described for Fallback {
    fn policy(&self) -> &'static str {
        "fallback"
    }

    fn describe(&self, _: &mut DescribedSettings<'_>) {}

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
        Ok(Some(super::file::resolve(values)))
    }
}
