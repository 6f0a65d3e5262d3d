//! The description of a stack: its policies, and their settings with the places that set them.

use crate::settings::Source;

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
