//! One layer of a stack, as the expansion describes it, and the way from there to its settings.

use std::{
    fmt::{self, Debug, Display},
    panic::Location,
    time::Duration,
};

use super::description::{PolicyDescription, ResolvedSetting};
#[cfg(feature = "config")]
use super::{slot::Slot, times::LayerTimes};
#[cfg(feature = "config")]
use crate::file::{Contradiction, SectionSpec, SectionValues};
use crate::layer_options::LayerOptions;
use crate::source::Source;

/// A configuration that can say its settings. Each policy implements it for its own.
pub trait Described: Sync {
    /// The name of the attribute.
    fn policy(&self) -> &'static str;

    /// Adds the settings, in the order of the option table.
    fn describe(&self, settings: &mut DescribedSettings<'_>);

    /// The section of the policy in the configuration file. A policy without one has no values
    /// there.
    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        None
    }

    /// True for a key that belongs to a thing that several functions share by its name. It stands
    /// in the section of that name, and the thing takes the value itself. All other keys stand in
    /// the section of the operation.
    #[cfg(feature = "config")]
    fn is_shared(&self, key: &str) -> bool {
        let _ = key;
        false
    }

    /// Returns the configuration with the values of its section. Those of a shared thing are among
    /// them for the description alone.
    ///
    /// # Errors
    /// The values that contradict each other, or those of the function.
    #[cfg(feature = "config")]
    fn in_file(
        &self,
        options: LayerOptions,
        operation: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        let _ = (options, operation, values);
        Ok(None)
    }

    /// Returns the configuration as a call reads it. No call reads that of a policy without one.
    #[cfg(feature = "config")]
    fn slot(&'static self) -> Slot {
        Slot::EMPTY
    }

    /// Returns the budget that the layer draws on. Two layers that draw on one budget return the
    /// same text.
    #[cfg(feature = "config")]
    fn budget(&self) -> Option<String> {
        None
    }

    /// Returns the times that can contradict those of other layers of the function, as far as they
    /// are constants. The configuration has the values of the section already.
    #[cfg(feature = "config")]
    fn times(&self, options: LayerOptions, values: &SectionValues) -> LayerTimes {
        let _ = (options, values);
        LayerTimes::default()
    }
}

/// A configuration with the values of the file.
#[cfg(feature = "config")]
pub trait Configured: Debug + Send + Sync {
    /// The configuration as its own type.
    fn as_any(&self) -> &dyn std::any::Any;

    /// The values of the file on the constant part of the configuration.
    fn constant(&self) -> &dyn Described;

    /// The same as a call reads it.
    fn slot(&'static self) -> Slot {
        Slot::EMPTY
    }

    /// The same with the settings that a layer has while the file takes it away.
    fn settings(&self) -> &dyn Described {
        self.constant()
    }
}

/// The layers of a stack, the outermost first.
#[derive(Debug)]
pub struct Stack {
    layers: Vec<Layer>,
}

/// One layer of a stack.
pub struct Layer {
    /// The constant part of the configuration.
    config: &'static dyn Described,
    attribute: &'static Location<'static>,
    /// The options of the attribute. A constant `option=value` gives the value of an option that
    /// the configuration does not have.
    options: LayerOptions,
    base: Base,
    /// The name of the shared thing that the layer uses.
    name: Option<&'static str>,
}

/// The origin of the settings that no option sets.
#[derive(Clone, Copy)]
enum Base {
    Default,
    /// A constant `config = …`, which is part of the constant configuration.
    Config(&'static Location<'static>),
    /// A `config = …` that each call computes.
    Computed(&'static Location<'static>),
}

impl Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("policy", &self.config.policy())
            .finish_non_exhaustive()
    }
}

impl Debug for DescribedSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.described).finish()
    }
}

impl Stack {
    /// Describes a stack by the function that the expansion declares for it.
    pub(super) fn of(layers: fn(&mut Self)) -> Self {
        let mut stack = Self { layers: Vec::new() };
        layers(&mut stack);
        stack
    }

    /// Adds a layer by its constant configuration, at the place of its attribute.
    // It is out of line, because each annotated function contains the calls.
    #[inline(never)]
    #[track_caller]
    pub fn add(&mut self, config: &'static dyn Described, constant: &'static str) -> &mut Layer {
        self.layers.push(Layer {
            config,
            attribute: Location::caller(),
            options: LayerOptions {
                constant,
                computed: "",
            },
            base: Base::Default,
            name: None,
        });
        let last = self.layers.len() - 1;
        &mut self.layers[last]
    }

    #[cfg(feature = "config")]
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter()
    }

    /// Describes the layers from top to bottom.
    pub(super) fn describe(&self, operation: &str) -> Vec<PolicyDescription> {
        let layers = self.layers.iter();
        layers.map(|layer| layer.describe(operation)).collect()
    }
}

impl Layer {
    /// Adds the options with values that each call computes.
    #[inline(never)]
    pub fn computed(&mut self, options: &'static str) -> &mut Self {
        self.options.computed = options;
        self
    }

    /// Says that the configuration begins with a constant `config = …` at the caller's place.
    #[inline(never)]
    #[track_caller]
    pub fn config(&mut self) -> &mut Self {
        self.base = Base::Config(Location::caller());
        self
    }

    /// Says that the configuration begins with an expression at the caller's place that each call
    /// computes.
    #[inline(never)]
    #[track_caller]
    pub fn computed_config(&mut self) -> &mut Self {
        self.base = Base::Computed(Location::caller());
        self
    }

    /// Adds the name of the shared thing that the layer uses.
    #[inline(never)]
    pub fn name(&mut self, name: &'static str) -> &mut Self {
        self.name = Some(name);
        self
    }

    fn describe(&self, operation: &str) -> PolicyDescription {
        let mut settings = DescribedSettings {
            layer: self,
            operation,
            #[cfg(feature = "config")]
            section: None,
            is_by_hand: false,
            described: Vec::new(),
        };
        self.config.describe(&mut settings);
        PolicyDescription {
            policy: self.config.policy(),
            settings: settings.described,
        }
    }
}

impl PolicyDescription {
    /// The same policy with a configuration that the program set by hand. The settings that belong
    /// to the attribute and not to the configuration stay, as the name does.
    pub(crate) fn set_by_hand(&mut self, policy: &'static dyn Described, config: &dyn Described) {
        let has_key = self.settings.iter().any(|setting| setting.setting == "key");
        let layer = Layer {
            config: policy,
            attribute: Location::caller(),
            options: LayerOptions {
                constant: if has_key { "key" } else { "" },
                computed: "",
            },
            base: Base::Default,
            name: None,
        };
        let mut settings = DescribedSettings {
            layer: &layer,
            operation: "",
            #[cfg(feature = "config")]
            section: None,
            is_by_hand: true,
            described: Vec::new(),
        };
        config.describe(&mut settings);
        // The time that a call waits belongs to the function.
        let is_configured =
            |name: &str| !matches!(name, "name" | "key" | "enabled" | "enforce" | "max_wait");
        self.settings
            .retain(|setting| !is_configured(setting.setting));
        let described = settings.described.into_iter();
        self.settings
            .extend(described.filter(|setting| is_configured(setting.setting)));
    }
}

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
        let layer = Layer {
            config: self.policy,
            attribute: self.declared_at,
            options: self.options,
            base: Base::Default,
            name: None,
        };
        let mut settings = DescribedSettings {
            layer: &layer,
            operation: self.name,
            section: Some(self.section),
            is_by_hand: self.is_by_hand,
            described: Vec::new(),
        };
        self.config.describe(&mut settings);
        settings.add_modes();
        settings.described
    }
}

#[cfg(feature = "config")]
impl Layer {
    pub(super) fn described(&self) -> &'static dyn Described {
        self.config
    }

    pub(super) fn options(&self) -> LayerOptions {
        self.options
    }

    /// The name of the shared thing that the layer uses. It is that of the operation if the
    /// attribute gives none.
    pub(super) fn shared_name(&self, operation: &'static str) -> &'static str {
        self.name.unwrap_or(operation)
    }

    /// Describes the layer by a configuration with the values of a section.
    pub(super) fn describe_in_file(
        &self,
        config: &dyn Described,
        operation: &str,
        section: &SectionValues,
    ) -> PolicyDescription {
        let mut settings = DescribedSettings {
            layer: self,
            operation,
            section: Some(section),
            is_by_hand: false,
            described: Vec::new(),
        };
        config.describe(&mut settings);
        settings.add_modes();
        PolicyDescription {
            policy: self.config.policy(),
            settings: settings.described,
        }
    }
}

/// The settings of one layer, as they are described.
pub struct DescribedSettings<'a> {
    layer: &'a Layer,
    operation: &'a str,
    /// The values of the configuration file.
    #[cfg(feature = "config")]
    section: Option<&'a SectionValues>,
    /// The program set the values by hand.
    is_by_hand: bool,
    described: Vec<ResolvedSetting>,
}

impl DescribedSettings<'_> {
    /// True if the attribute has the option.
    pub(crate) fn has_option(&self, option: &str) -> bool {
        self.layer.options.has(option)
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

    /// Adds the settings that only the file has.
    #[cfg(feature = "config")]
    fn add_modes(&mut self) {
        for key in ["enabled", "enforce"] {
            if let Some(flag) = self.section.and_then(|section| section.flag(key)) {
                self.add(key, flag);
            }
        }
    }

    /// True if the configuration file sets the option.
    pub(crate) fn is_in_file(&self, setting: &str) -> bool {
        self.in_file(setting).is_some()
    }

    /// Adds a setting with its value.
    pub(crate) fn add(&mut self, setting: &'static str, value: impl Display) {
        let layer = self.layer;
        let (value, source) = if let Some(source) = self.in_file(setting) {
            (Some(value), source)
        } else if layer.options.computes(setting) {
            (None, attribute(layer.attribute))
        } else if layer.options.has(setting) {
            (Some(value), attribute(layer.attribute))
        } else {
            match layer.base {
                Base::Default => (Some(value), Source::Default),
                Base::Config(at) => (Some(value), config(at)),
                Base::Computed(at) => (None, config(at)),
            }
        };
        let value = value.map_or_else(|| "computed".to_owned(), |value| value.to_string());
        self.described.push(ResolvedSetting {
            policy: layer.config.policy(),
            setting,
            value,
            source,
        });
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
        let (name, source) = match self.layer.name {
            Some(name) => (name, attribute(self.layer.attribute)),
            None if self.has_option("name") => ("computed", attribute(self.layer.attribute)),
            None => (self.operation, Source::Default),
        };
        self.described.push(ResolvedSetting {
            policy: self.layer.config.policy(),
            setting: "name",
            value: name.to_owned(),
            source,
        });
    }

    /// Adds an option that the configuration does not have, if the attribute has it.
    pub(crate) fn add_option(&mut self, setting: &'static str) {
        let mut options = self.layer.options.constant.split_ascii_whitespace();
        let value = options.find_map(|option| option.strip_prefix(setting)?.strip_prefix('='));
        if let Some(value) = value {
            #[cfg(feature = "config")]
            if let Some(entry) = self.section.and_then(|section| section.entry(setting)) {
                return self.add(setting, &entry.value);
            }
            self.described.push(ResolvedSetting {
                policy: self.layer.config.policy(),
                setting,
                value: value.to_owned(),
                source: attribute(self.layer.attribute),
            });
        }
    }
}

fn attribute(at: &'static Location<'static>) -> Source {
    Source::Attribute {
        file: at.file(),
        line: at.line(),
    }
}

fn config(at: &'static Location<'static>) -> Source {
    Source::Config {
        file: at.file(),
        line: at.line(),
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

    struct Config {
        limit: Duration,
        count: u32,
    }

    impl Described for Config {
        fn policy(&self) -> &'static str {
            "sample"
        }

        fn describe(&self, settings: &mut DescribedSettings<'_>) {
            settings.add_name();
            settings.add_time("limit", self.limit);
            settings.add_optional("count", (self.count > 0).then_some(self.count));
            settings.add_option("mode");
        }
    }

    static CONFIG: Config = Config {
        limit: Duration::from_millis(1500),
        count: 0,
    };

    fn described(layers: fn(&mut Stack)) -> Vec<(&'static str, String, Source)> {
        let mut stack = Stack::of(layers).describe("sample.operation");
        assert_eq!(stack.len(), 1);
        let description = stack.remove(0);
        assert_eq!(description.policy, "sample");
        description
            .settings
            .into_iter()
            .map(|setting| (setting.setting, setting.value, setting.source))
            .collect()
    }

    #[test]
    fn a_setting_that_nobody_sets_has_its_default() {
        assert_eq!(
            described(|stack| {
                stack.add(&CONFIG, "");
            }),
            [
                ("name", "sample.operation".to_owned(), Source::Default),
                ("limit", "1.5s".to_owned(), Source::Default),
                ("count", "none".to_owned(), Source::Default),
            ]
        );
    }

    #[test]
    fn an_option_has_the_place_of_its_attribute() {
        let described = described(|stack| {
            let layer = stack.add(&CONFIG, "limit mode=thread");
            layer.computed("count").name("shared");
        });
        let line = line!() - 3;
        let source = || Source::Attribute {
            file: file!(),
            line,
        };
        assert_eq!(
            described,
            [
                ("name", "shared".to_owned(), source()),
                ("limit", "1.5s".to_owned(), source()),
                ("count", "computed".to_owned(), source()),
                ("mode", "thread".to_owned(), source()),
            ]
        );
    }

    #[test]
    fn a_configuration_gives_the_values_that_no_option_sets() {
        let constant = described(|stack| {
            stack.add(&CONFIG, "count").config();
        });
        let line = line!() - 2;
        assert_eq!(constant[1].1, "1.5s");
        assert_eq!(
            constant[1].2,
            Source::Config {
                file: file!(),
                line
            }
        );
        let computed = described(|stack| {
            stack.add(&CONFIG, "count").computed_config();
        });
        assert_eq!(computed[1].1, "computed");
        assert!(matches!(computed[1].2, Source::Config { .. }));
        assert!(matches!(computed[2].2, Source::Attribute { .. }));
    }

    #[test]
    fn a_time_without_end_has_its_name() {
        assert_eq!(Time(Duration::MAX).to_string(), "Duration::MAX");
        assert_eq!(Time(Duration::from_secs(60)).to_string(), "60s");
        assert_eq!(Time(Duration::ZERO).to_string(), "0ns");
    }
}
