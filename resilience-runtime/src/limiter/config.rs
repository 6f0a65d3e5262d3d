//! The configuration of a limiter, as far as all limiters have the same settings.

use std::{fmt, time::Duration};

use crate::operation::DescribedSettings;
#[cfg(feature = "config")]
use crate::{
    file::{SectionSpec, SectionValues},
    operation::Slot,
    settings::ConfigError,
};

/// The configuration of a limiter: the settings of the limit, which are the policy's own, and those
/// that all limiters have.
///
/// This is a public trait in a private module, because the expansion names types that refer to the
/// configuration.
pub trait LimiterConfig: Copy + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The name of the attribute.
    const POLICY: &'static str;

    /// The word for the limiter in messages.
    #[cfg(feature = "config")]
    const WORD: &'static str;

    /// Some configuration, for code that describes settings by their names alone.
    const UNSET: &'static Self;

    /// The time that a call waits.
    fn wait(&self) -> Duration;

    /// The configuration with another time that a call waits.
    #[must_use]
    fn with_wait(self, wait: Duration) -> Self;

    /// The largest number of keys.
    fn keys(&self) -> u32;

    /// The time after its last call during which a key is kept.
    fn key_idle(&self) -> Duration;

    /// Adds the settings of the limit to a description, in the order of the option table.
    fn describe_limit(&self, settings: &mut DescribedSettings<'_>);

    /// The section of the policy in the configuration file.
    #[cfg(feature = "config")]
    fn section() -> &'static SectionSpec;

    /// The configuration as a call reads it.
    #[cfg(feature = "config")]
    fn slot(&'static self) -> Slot;

    /// The configuration with the values of its section.
    ///
    /// # Errors
    /// The first value that breaks the rule of its setting.
    #[cfg(feature = "config")]
    fn with_values(self, values: &SectionValues) -> Result<Self, ConfigError>;
}
