//! The settings of a thing that several functions share by its name.

use std::panic::Location;

#[cfg(feature = "config")]
use super::description::ResolvedSetting;
use super::{
    described::Described, described_settings::DescribedSettings, description::PolicyDescription,
    layer_attribute::LayerAttribute,
};
#[cfg(feature = "config")]
use crate::file::SectionValues;
use crate::settings::LayerOptions;

#[cfg(feature = "config")]
/// A shared thing, as it is described by its name.
#[cfg(feature = "config")]
pub(crate) struct SharedThing<'a> {
    pub(crate) name: &'a str,
    /// A configuration of its policy, for the name of the policy.
    pub(crate) policy: &'static dyn Described,
    /// The configuration that it has now.
    pub(crate) config: &'a dyn Described,
    pub(crate) options: LayerOptions,
    pub(crate) declared_at: &'static Location<'static>,
    pub(crate) section: &'a SectionValues,
    /// The program set the configuration by hand.
    pub(crate) is_by_hand: bool,
}

#[cfg(feature = "config")]
impl SharedThing<'_> {
    /// Describes the settings.
    pub(crate) fn describe(&self) -> Vec<ResolvedSetting> {
        let policy = self.policy.policy();
        let attribute = LayerAttribute::new(policy, self.declared_at, self.options);
        let mut settings = DescribedSettings::new(attribute, self.name)
            .in_section(self.section)
            .by_hand(self.is_by_hand);
        self.config.describe(&mut settings);
        settings.finish()
    }
}

impl PolicyDescription {
    /// The same policy with a configuration that the program set by hand. The settings that belong
    /// to the attribute and not to the configuration stay, as the name does.
    pub(crate) fn set_by_hand(&mut self, config: &dyn Described) {
        let has_key = self.settings.iter().any(|setting| setting.setting == "key");
        let options = LayerOptions {
            constant: if has_key { "key" } else { "" },
            computed: "",
        };
        let attribute = LayerAttribute::new(self.policy, Location::caller(), options);
        let mut settings = DescribedSettings::new(attribute, "").by_hand(true);
        config.describe(&mut settings);
        // The time that a call waits belongs to the function.
        let is_configured =
            |name: &str| !matches!(name, "name" | "key" | "enabled" | "enforce" | "max_wait");
        self.settings
            .retain(|setting| !is_configured(setting.setting));
        let described = settings.finish().into_iter();
        self.settings
            .extend(described.filter(|setting| is_configured(setting.setting)));
    }
}
