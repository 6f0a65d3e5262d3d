//! The settings of `#[circuit_breaker]`, as the statistics describe them.

use super::config::CircuitBreakerConfig;
#[cfg(feature = "config")]
use crate::file::{Contradiction, SectionSpec, SectionValues};
#[cfg(feature = "config")]
use crate::operation::Configured;
use crate::operation::{Described, DescribedSettings};
#[cfg(feature = "config")]
use crate::settings::LayerOptions;

impl Described for CircuitBreakerConfig {
    fn policy(&self) -> &'static str {
        "circuit_breaker"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        settings.add_name();
        if settings.has_option("key") {
            settings.add("key", "computed");
            settings.add("max_keys", self.get_max_keys());
            settings.add_time("idle", self.get_idle());
        }
        if let Some(failures) = self.get_failure_threshold() {
            settings.add("failure_threshold", failures);
        }
        if let Some(rate) = self.get_failure_rate() {
            settings.add("failure_rate", format_args!("{rate:?}"));
        }
        if let Some(failures) = self.get_consecutive_failures() {
            settings.add("consecutive_failures", failures);
        }
        match self.get_window_calls() {
            Some(calls) => settings.add("window_calls", calls),
            None => settings.add_time("failure_window", self.get_failure_window()),
        }
        if self.get_failure_rate().is_some() || self.get_slow_rate().is_some() {
            settings.add("minimum_calls", self.get_minimum_calls());
        }
        settings.add_time("recovery_timeout", self.get_recovery_timeout());
        let multiplier = self.get_recovery_multiplier();
        settings.add("recovery_multiplier", format_args!("{multiplier:?}"));
        settings.add_time("max_recovery_timeout", self.get_max_recovery_timeout());
        let jitter = self.get_recovery_jitter();
        settings.add("recovery_jitter", format_args!("{jitter:?}"));
        settings.add("success_threshold", self.get_success_threshold());
        settings.add("half_open_max_calls", self.get_half_open_max_calls());
        settings.add_optional_time("slow_call", self.get_slow_call());
        if let Some(rate) = self.get_slow_rate() {
            settings.add("slow_rate", format_args!("{rate:?}"));
        }
    }

    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        Some(&super::file::FILE)
    }

    #[cfg(feature = "config")]
    fn is_shared(&self, _: &str) -> bool {
        true
    }

    #[cfg(feature = "config")]
    fn in_file(
        &self,
        options: LayerOptions,
        _: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        super::file::describe(self, options, values)
    }
}
