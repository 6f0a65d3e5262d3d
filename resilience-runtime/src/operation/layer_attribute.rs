//! The attribute of a layer: its place, its options, and the origin of all other settings.

use std::panic::Location;

use crate::settings::{LayerOptions, Source};

/// The attribute of a layer.
#[derive(Clone, Copy)]
pub(super) struct LayerAttribute {
    /// The name of the attribute.
    pub(super) policy: &'static str,
    declared_at: &'static Location<'static>,
    /// The options of the attribute. A constant `option=value` gives the value of an option that
    /// the configuration does not have.
    pub(super) options: LayerOptions,
    pub(super) base: Base,
    /// The name of the shared thing that the layer uses.
    pub(super) name: Option<&'static str>,
}

/// The origin of the settings that no option sets.
#[derive(Clone, Copy)]
pub(super) enum Base {
    Default,
    /// A constant `config = …`, which is part of the constant configuration.
    Config(&'static Location<'static>),
    /// A `config = …` that each call computes.
    Computed(&'static Location<'static>),
}

impl LayerAttribute {
    /// An attribute with options alone.
    pub(super) fn new(
        policy: &'static str,
        declared_at: &'static Location<'static>,
        options: LayerOptions,
    ) -> Self {
        Self {
            policy,
            declared_at,
            options,
            base: Base::Default,
            name: None,
        }
    }

    /// The attribute as a source.
    pub(super) fn place(&self) -> Source {
        Source::Attribute {
            file: self.declared_at.file(),
            line: self.declared_at.line(),
        }
    }

    /// The source of a setting that no file sets.
    pub(super) fn source(&self, setting: &str) -> Source {
        if self.options.has(setting) {
            return self.place();
        }
        match self.base {
            Base::Default => Source::Default,
            Base::Config(at) | Base::Computed(at) => Source::Config {
                file: at.file(),
                line: at.line(),
            },
        }
    }

    /// True for a setting whose value each call computes, as long as no file sets it.
    pub(super) fn computes(&self, setting: &str) -> bool {
        let is_computed_base = matches!(self.base, Base::Computed(_));
        self.options.computes(setting) || is_computed_base && !self.options.has(setting)
    }
}
