//! The settings of `#[hedge]`, as the statistics describe them.

use super::config::{After, HedgeConfig};
use crate::operation::{Described, DescribedSettings};

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
}
