//! The settings of `#[timeout]`, as the statistics describe them.

use super::config::TimeoutConfig;
use crate::operation::{Described, DescribedSettings};

impl Described for TimeoutConfig {
    fn policy(&self) -> &'static str {
        "timeout"
    }

    fn describe(&self, settings: &mut DescribedSettings<'_>) {
        settings.add_time("limit", self.get_limit());
        settings.add_optional("message", self.get_message());
        settings.add_option("mode");
    }
}
