//! The settings of `#[bulkhead]`, as the statistics describe them.

use super::config::BulkheadConfig;
use crate::operation::{Described, DescribedSettings};

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
}
