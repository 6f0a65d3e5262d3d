//! The place that a setting has its value from.

/// The place that the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Source {
    /// The variable `RESILIENCE_OVERRIDES` of the environment.
    Environment,
    /// A call of `reconfigure`. The value holds until a configuration file names the circuit.
    Reconfigured,
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
