//! The settings of one layer, as its policy lists them, each with the place that sets it.

use std::{
    fmt::{self, Debug, Display},
    time::Duration,
};

use super::{description::ResolvedSetting, layer_attribute::LayerAttribute};
#[cfg(feature = "config")]
use crate::file::SectionValues;
use crate::settings::Source;

/// The settings of one layer, as they are described.
pub struct DescribedSettings<'a> {
    attribute: LayerAttribute,
    operation: &'a str,
    /// The values of the configuration file.
    #[cfg(feature = "config")]
    section: Option<&'a SectionValues>,
    /// The program set the values by hand.
    is_by_hand: bool,
    described: Vec<ResolvedSetting>,
}

impl Debug for DescribedSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.described).finish()
    }
}

impl<'a> DescribedSettings<'a> {
    pub(super) fn new(attribute: LayerAttribute, operation: &'a str) -> Self {
        Self {
            attribute,
            operation,
            #[cfg(feature = "config")]
            section: None,
            is_by_hand: false,
            described: Vec::new(),
        }
    }

    /// Gives the values of the configuration file.
    #[cfg(feature = "config")]
    pub(super) fn in_section(mut self, section: &'a SectionValues) -> Self {
        self.section = Some(section);
        self
    }

    /// Says whether the program set the values by hand.
    pub(super) fn by_hand(mut self, is_by_hand: bool) -> Self {
        self.is_by_hand = is_by_hand;
        self
    }

    /// The settings in their order, and behind them those that only the file has.
    #[cfg_attr(
        not(feature = "config"),
        expect(unused_mut, reason = "there is no file")
    )]
    pub(super) fn finish(mut self) -> Vec<ResolvedSetting> {
        #[cfg(feature = "config")]
        for key in ["enabled", "enforce"] {
            if let Some(flag) = self.section.and_then(|section| section.flag(key)) {
                self.add(key, flag);
            }
        }
        self.described
    }

    /// True if the attribute has the option.
    pub(crate) fn has_option(&self, option: &str) -> bool {
        self.attribute.options.has(option)
    }

    /// The source of a value that the configuration file sets.
    #[cfg(feature = "config")]
    fn in_file(&self, setting: &str) -> Option<Source> {
        if self.is_by_hand {
            return Some(Source::Reconfigured);
        }
        let entry = self.section?.entry(setting)?;
        Some(entry.place.source())
    }

    /// The source of a value that the configuration file sets: there is no file.
    #[cfg(not(feature = "config"))]
    fn in_file(&self, _: &str) -> Option<Source> {
        self.is_by_hand.then_some(Source::Reconfigured)
    }

    /// True if the configuration file sets the option.
    pub(crate) fn is_in_file(&self, setting: &str) -> bool {
        self.in_file(setting).is_some()
    }

    /// Adds a setting with its value.
    pub(crate) fn add(&mut self, setting: &'static str, value: impl Display) {
        let in_file = self.in_file(setting);
        let is_computed = in_file.is_none() && self.attribute.computes(setting);
        let value = if is_computed {
            "computed".to_owned()
        } else {
            value.to_string()
        };
        let source = in_file.unwrap_or_else(|| self.attribute.source(setting));
        self.push(setting, value, source);
    }

    /// Adds a time.
    pub(crate) fn add_time(&mut self, setting: &'static str, time: Duration) {
        self.add(setting, Time(time));
    }

    /// Adds a time that may not be set.
    pub(crate) fn add_optional_time(&mut self, setting: &'static str, time: Option<Duration>) {
        self.add_optional(setting, time.map(Time));
    }

    /// Adds a value that may not be set.
    pub(crate) fn add_optional(&mut self, setting: &'static str, value: Option<impl Display>) {
        match value {
            Some(value) => self.add(setting, value),
            None => self.add(setting, "none"),
        }
    }

    /// Adds a variant of an enum of words.
    pub(crate) fn add_word(&mut self, setting: &'static str, word: impl Debug) {
        self.add(setting, format_args!("{word:?}").to_string().to_lowercase());
    }

    /// Adds the name of the shared thing that the layer uses. It is that of the operation if the
    /// attribute gives none.
    pub(crate) fn add_name(&mut self) {
        let name = match self.attribute.name {
            Some(name) => name,
            None if self.has_option("name") => "computed",
            None => return self.push("name", self.operation.to_owned(), Source::Default),
        };
        self.push("name", name.to_owned(), self.attribute.place());
    }

    /// Adds an option that the configuration does not have, if the attribute has it.
    pub(crate) fn add_option(&mut self, setting: &'static str) {
        let mut options = self.attribute.options.constant.split_ascii_whitespace();
        let value = options.find_map(|option| option.strip_prefix(setting)?.strip_prefix('='));
        if let Some(value) = value {
            #[cfg(feature = "config")]
            if let Some(entry) = self.section.and_then(|section| section.entry(setting)) {
                return self.add(setting, &entry.value);
            }
            self.push(setting, value.to_owned(), self.attribute.place());
        }
    }

    fn push(&mut self, setting: &'static str, value: String, source: Source) {
        self.described.push(ResolvedSetting {
            policy: self.attribute.policy,
            setting,
            value,
            source,
        });
    }
}

/// A time, spelled as a literal of the attributes.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Duration::MAX {
            return f.write_str("Duration::MAX");
        }
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_end_has_its_name() {
        assert_eq!(Time(Duration::MAX).to_string(), "Duration::MAX");
        assert_eq!(Time(Duration::from_secs(60)).to_string(), "60s");
        assert_eq!(Time(Duration::ZERO).to_string(), "0ns");
    }
}
