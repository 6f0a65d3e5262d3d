//! The layers of a function, as the expansion lists them.

use std::{
    fmt::{self, Debug},
    panic::Location,
};

use super::{
    described::Described,
    described_settings::DescribedSettings,
    description::PolicyDescription,
    layer_attribute::{Base, LayerAttribute},
};
#[cfg(feature = "config")]
use crate::file::SectionValues;
use crate::settings::LayerOptions;

/// The layers of a stack, the outermost first.
#[derive(Debug)]
pub struct Stack {
    layers: Vec<Layer>,
}

/// One layer of a stack.
pub struct Layer {
    /// The constant part of the configuration.
    config: &'static dyn Described,
    attribute: LayerAttribute,
}

impl Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("policy", &self.config.policy())
            .finish_non_exhaustive()
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
        let options = LayerOptions {
            constant,
            computed: "",
        };
        self.layers.push(Layer {
            config,
            attribute: LayerAttribute::new(config.policy(), Location::caller(), options),
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
        self.attribute.options.computed = options;
        self
    }

    /// Says that the configuration begins with a constant `config = …` at the caller's place.
    #[inline(never)]
    #[track_caller]
    pub fn config(&mut self) -> &mut Self {
        self.attribute.base = Base::Config(Location::caller());
        self
    }

    /// Says that the configuration begins with an expression at the caller's place that each call
    /// computes.
    #[inline(never)]
    #[track_caller]
    pub fn computed_config(&mut self) -> &mut Self {
        self.attribute.base = Base::Computed(Location::caller());
        self
    }

    /// Adds the name of the shared thing that the layer uses.
    #[inline(never)]
    pub fn name(&mut self, name: &'static str) -> &mut Self {
        self.attribute.name = Some(name);
        self
    }

    fn describe(&self, operation: &str) -> PolicyDescription {
        self.describe_as(
            self.config,
            DescribedSettings::new(self.attribute, operation),
        )
    }

    /// Describes the layer by a configuration.
    fn describe_as(
        &self,
        config: &dyn Described,
        mut settings: DescribedSettings<'_>,
    ) -> PolicyDescription {
        config.describe(&mut settings);
        PolicyDescription {
            policy: self.config.policy(),
            settings: settings.finish(),
        }
    }
}

#[cfg(feature = "config")]
impl Layer {
    pub(super) fn described(&self) -> &'static dyn Described {
        self.config
    }

    pub(super) fn options(&self) -> LayerOptions {
        self.attribute.options
    }

    /// The name of the shared thing that the layer uses. It is that of the operation if the
    /// attribute gives none.
    pub(super) fn shared_name(&self, operation: &'static str) -> &'static str {
        self.attribute.name.unwrap_or(operation)
    }

    /// Describes the layer by a configuration with the values of a section.
    pub(super) fn describe_in_file(
        &self,
        config: &dyn Described,
        operation: &str,
        section: &SectionValues,
    ) -> PolicyDescription {
        let settings = DescribedSettings::new(self.attribute, operation);
        self.describe_as(config, settings.in_section(section))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::Source;

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
}
