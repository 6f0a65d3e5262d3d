//! The description of a stack: its policies, and their settings with the places that set them.

/// One policy of a stack, with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PolicyDescription {
    /// The name of the attribute.
    pub policy: &'static str,
    /// The settings, each with the value that holds for the next call.
    pub settings: Vec<ResolvedSetting>,
}

/// One setting, and the place that its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ResolvedSetting {
    /// The name of the attribute.
    pub policy: &'static str,
    /// The name of the option.
    pub setting: &'static str,
    /// The value, spelled as in the attribute: `3`, `250ms`, `exponential`; `none` for a limit that
    /// is not set, and `computed` for a value that each call computes.
    pub value: String,
    /// The place that the value comes from.
    pub source: Source,
}

/// The place that the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Source {
    /// The environment of the process.
    Environment,
    /// A configuration file.
    File {
        /// The path of the file, as it was given.
        path: String,
        /// The line, from 1.
        line: u32,
    },
    /// An option of the attribute.
    Attribute {
        /// The source file.
        file: &'static str,
        /// The line of the attribute, from 1.
        line: u32,
    },
    /// The `config = …` of the attribute.
    Config {
        /// The source file.
        file: &'static str,
        /// The line of the expression, from 1.
        line: u32,
    },
    /// The default of the library.
    Default,
}
