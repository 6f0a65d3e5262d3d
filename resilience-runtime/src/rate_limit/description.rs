//! The settings of `#[rate_limit]`, as the statistics describe them.

use super::config::RateLimitConfig;
use crate::operation::{Described, DescribedSettings};

impl Described for RateLimitConfig {
    fn policy(&self) -> &'static str {
        "rate_limit"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        settings.add_name();
        if settings.has_option("key") {
            settings.add("key", "computed");
            settings.add("max_keys", self.get_max_keys());
            settings.add_time("idle", self.get_idle());
        }
        settings.add("limit", self.get_limit());
        settings.add_time("per", self.get_per());
        settings.add("burst", self.get_burst());
        settings.add_time("max_wait", self.get_max_wait());
    }
}
