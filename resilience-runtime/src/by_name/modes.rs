//! The switches of a shared thing that only the configuration file has.

#[cfg(feature = "config")]
use crate::file::SectionValues;

/// The switches of a circuit, of a bulkhead or of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    /// False for a thing that admits all calls and counts none.
    pub(crate) is_enabled: bool,
    /// False for a thing that admits all calls and counts those that it would refuse.
    pub(crate) is_enforced: bool,
}

impl Modes {
    /// The switches without a configuration file.
    pub(crate) const ON: Self = Self {
        is_enabled: true,
        is_enforced: true,
    };

    /// The switches of a section.
    #[cfg(feature = "config")]
    pub(crate) fn of(values: &SectionValues) -> Self {
        Self {
            is_enabled: values.flag("enabled").unwrap_or(true),
            is_enforced: values.flag("enforce").unwrap_or(true),
        }
    }

    /// True if the thing may refuse a call.
    #[cfg(feature = "config")]
    pub(crate) fn refuses(self) -> bool {
        self.is_enabled && self.is_enforced
    }
}
