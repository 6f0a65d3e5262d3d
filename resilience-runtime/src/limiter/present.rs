//! The configuration that the limiters of a name have now.

use crate::by_name::Modes;

/// A configuration, and the switches that only the configuration file has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Present<C> {
    pub(crate) config: C,
    pub(crate) modes: Modes,
}

impl<C> Present<C> {
    /// The configuration without a file.
    pub(crate) fn without_file(config: C) -> Self {
        Self {
            config,
            modes: Modes::ON,
        }
    }
}
