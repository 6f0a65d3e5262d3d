//! The configuration of a limiter, as far as all limiters have the same settings.

use std::{fmt, time::Duration};

#[cfg(feature = "config")]
pub(crate) use self::section::LimiterSection;
use crate::operation::DescribedSettings;

/// The settings that all limiters have.
#[derive(Clone, Copy, Debug)]
pub struct CommonSettings {
    /// The time that a call waits.
    pub(crate) max_wait: Duration,
    /// The largest number of keys.
    pub(crate) max_keys: u32,
    /// The time after its last call during which a key is kept.
    pub(crate) idle: Duration,
}

/// The configuration of a limiter: the settings of the limit, which are the policy's own, and those
/// that all limiters have.
///
/// This is a public trait in a private module, because the expansion names types that refer to the
/// configuration.
pub trait LimiterConfig:
    LimiterSection + Copy + fmt::Debug + PartialEq + Send + Sync + 'static
{
    /// The name of the attribute.
    const POLICY: &'static str;

    /// Some configuration, for code that describes settings by their names alone.
    const UNSET: &'static Self;

    /// The settings that all limiters have.
    fn common(&self) -> CommonSettings;

    /// The configuration with another time that a call waits.
    #[must_use]
    fn with_wait(self, wait: Duration) -> Self;

    /// Adds the settings of the limit to a description, in the order of the option table.
    fn describe_limit(&self, settings: &mut DescribedSettings<'_>);
}

/// A limiter has no section without the feature `config`.
#[cfg(not(feature = "config"))]
pub trait LimiterSection {}

#[cfg(not(feature = "config"))]
impl<C> LimiterSection for C {}

#[cfg(feature = "config")]
mod section {
    use crate::{
        file::{SectionSpec, SectionValues},
        operation::InSlot,
        settings::ConfigError,
    };

    /// The section of a limiter's policy in the configuration file.
    pub trait LimiterSection: InSlot {
        /// The word for the limiter in messages.
        const WORD: &'static str;

        /// The section and its keys.
        fn section() -> &'static SectionSpec;

        /// The configuration with the values of its section.
        ///
        /// # Errors
        /// The first value that breaks the rule of its setting.
        fn with_values(self, values: &SectionValues) -> Result<Self, ConfigError>
        where
            Self: Sized;
    }
}
