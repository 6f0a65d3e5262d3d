//! The part of a policy that the registry of limiters needs.

use std::{fmt, panic::Location, time::Duration};

use super::{
    counts::{Counts, Totals},
    present::Present,
};
#[cfg(feature = "config")]
use crate::{
    config_error::ConfigError,
    file::{SectionSpec, SectionValues},
};
use crate::{keyed::Standing, name::Name, operation::Described};

/// The configuration of a limiter. Two source lines that name one limiter must agree on it.
///
/// This is a public trait in a private module, because the expansion names types that refer to the
/// configuration.
pub trait Configured {
    type Config: Copy + fmt::Debug + PartialEq + Described + Send + Sync + 'static;
}

/// A handle of one limiter: a clone is the same limiter.
pub(crate) trait Limiter: Configured + Clone + fmt::Debug + Send + Sync + 'static {
    /// The statistics of one limiter, or of all limiters of a name.
    type Stats;

    /// The word for the limiter in messages.
    #[cfg(feature = "config")]
    const WORD: &'static str;

    /// Some configuration of the policy, for the name of the policy.
    #[cfg(feature = "config")]
    const POLICY: &'static Self::Config;

    /// A limiter with the configuration.
    fn with_name(
        name: Name,
        present: &Present<Self::Config>,
        declared_at: &'static Location<'static>,
    ) -> Self;

    /// True if both handles are of one limiter.
    fn is_same(&self, other: &Self) -> bool;

    /// The part of a configuration that belongs to the name. The rest belongs to the function.
    fn shared(config: &Self::Config) -> Self::Config;

    /// The configuration of a name with the time that a call waits.
    fn with_wait(config: Self::Config, wait: Duration) -> Self::Config;

    /// The time that a call waits.
    fn wait(config: &Self::Config) -> Duration;

    /// The largest number of keys.
    fn max_keys(config: &Self::Config) -> u32;

    /// The time after its last call during which a key is kept.
    fn idle(config: &Self::Config) -> Duration;

    /// Takes another configuration. The time that callers by handle wait stays.
    fn adopt(&self, present: &Present<Self::Config>);

    /// The state of the limiter for the decision if its key may be forgotten.
    fn standing(&self, now: u64) -> Standing;

    fn counts(&self) -> Counts;

    fn stats(&self) -> Self::Stats;

    /// The statistics of a name.
    fn stats_of_name(
        name: &str,
        config: &Self::Config,
        declared_at: &'static Location<'static>,
        totals: Totals,
    ) -> Self::Stats;

    /// Writes a report about a name to the log.
    fn report(name: &str, report: Report<'_, Self::Config>);

    /// The section of the policy in the configuration file.
    #[cfg(feature = "config")]
    fn section() -> &'static SectionSpec;

    /// The configuration with the values of its section.
    #[cfg(feature = "config")]
    fn with_values(
        config: Self::Config,
        values: &SectionValues,
    ) -> Result<Self::Config, ConfigError>;
}

/// Something about a name that the log tells.
pub(crate) enum Report<'r, C> {
    /// Two source lines configure one name differently.
    Clash {
        declared_at: &'r Location<'r>,
        kept: &'r C,
        clashes_at: &'r Location<'r>,
        refused: &'r C,
    },
    /// The limiters of the name took another configuration.
    Reconfigured { config: &'r C },
    /// One source line has two values in turns.
    TakesTurns {
        declared_at: &'r Location<'r>,
        kept: &'r C,
        refused: &'r C,
    },
    /// Two functions share a limiter, because nobody named it and their paths are the same.
    SharedByDefault {
        declared_at: &'r Location<'r>,
        shared_at: &'r Location<'r>,
    },
    /// A limiter without keys and limiters per key have one name.
    TwoKinds { declared_at: &'r Location<'r> },
    /// No key can be forgotten to make room for this one.
    Full {
        key: &'r str,
        max_keys: u32,
        overflow: u64,
    },
    /// The key is longer than 1 KiB.
    LongKey { key: &'r str, overflow: u64 },
}
