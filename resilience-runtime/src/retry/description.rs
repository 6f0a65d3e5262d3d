//! The settings of `#[retry]`, as the statistics describe them.

use super::config::RetryConfig;
use super::strategy::Strategy;
use crate::operation::{Described, DescribedSettings};

impl Described for RetryConfig {
    fn policy(&self) -> &'static str {
        "retry"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        if settings.has_option("max_attempts") {
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
    }
}
