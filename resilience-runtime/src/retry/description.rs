//! The settings of `#[retry]`, as the statistics describe them.

use super::config::RetryConfig;
use super::strategy::Strategy;
#[cfg(feature = "config")]
use crate::budget::RetryBudget;
#[cfg(feature = "config")]
use crate::file::{Contradiction, SectionSpec, SectionValues};
#[cfg(feature = "config")]
use crate::operation::{Configured, LayerTimes, Slot};
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::settings::LayerOptions;

impl Described for RetryConfig {
    fn policy(&self) -> &'static str {
        "retry"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        let is_counted_from_first = settings.is_in_file("max_attempts")
            || settings.has_option("max_attempts") && !settings.is_in_file("max_retries");
        if is_counted_from_first {
            settings.add("max_attempts", self.get_max_attempts());
        } else {
            settings.add("max_retries", self.get_max_retries());
        }
        settings.add_word("strategy", self.get_strategy());
        settings.add_time("base_delay", self.get_base_delay());
        settings.add_time("max_delay", self.get_max_delay());
        if self.get_strategy() == Strategy::Exponential {
            settings.add("multiplier", format_args!("{:?}", self.get_multiplier()));
        }
        settings.add_word("jitter", self.get_jitter());
        settings.add_optional_time("max_elapsed", self.get_max_elapsed());
        settings.add("retry_refused", self.get_retry_refused());
        // A budget without a name is called by the operation that uses it first.
        let budget = self.get_budget().map(|budget| budget.stats().name);
        settings.add_optional("budget", budget);
        settings.add_option("span");
    }

    #[cfg(feature = "config")]
    fn slot(&'static self) -> Slot {
        // A deposit and a limit of the time need the clock.
        let is_busy = self.get_budget().is_some() || self.get_max_elapsed().is_some();
        Slot::of(self).busy_if(is_busy)
    }

    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        Some(&super::file::FILE)
    }

    #[cfg(feature = "config")]
    fn in_file(
        &self,
        options: LayerOptions,
        operation: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        super::file::in_file(self, options, operation, values)
    }

    #[cfg(feature = "config")]
    fn times(&self, options: LayerOptions, values: &SectionValues) -> LayerTimes {
        super::file::times(self, options, values)
    }

    #[cfg(feature = "config")]
    fn budget(&self) -> Option<String> {
        self.get_budget().map(RetryBudget::identity)
    }
}
