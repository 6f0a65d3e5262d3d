//! The settings of `#[hedge]`, as the statistics describe them.

use super::config::{After, HedgeConfig};
#[cfg(feature = "config")]
use crate::budget::RetryBudget;
#[cfg(feature = "config")]
use crate::file::{Contradiction, SectionSpec, SectionValues};
#[cfg(feature = "config")]
use crate::operation::{Configured, Slot};
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::settings::LayerOptions;

impl Described for HedgeConfig {
    fn policy(&self) -> &'static str {
        "hedge"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        match self.after {
            After::Fixed(after) => settings.add_time("after", after),
            After::Percentile(percentile) => {
                settings.add("after", format_args!("p{percentile}"));
            }
        }
        settings.add("max_hedges", self.get_max_hedges());
        // A budget without a name is called by the operation that uses it first.
        let budget = self.get_budget().map(|budget| budget.stats().name);
        settings.add_optional("budget", budget);
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
        operation: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        Ok(Some(super::file::in_file(self, operation, values)))
    }

    #[cfg(feature = "config")]
    fn budget(&self) -> Option<String> {
        self.get_budget().map(RetryBudget::identity)
    }
}
