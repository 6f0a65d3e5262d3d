//! The settings of a timeout as values that are only known at run time.

use std::time::Duration;

use super::config::{LIMIT, TimeoutConfig};
use crate::settings::ConfigError;

/// Settings of a timeout that are only known at run time: from a file, from the environment, from a
/// command line.
///
/// A setting that is `None` leaves the configuration as it is. [`apply_to`](Self::apply_to) returns
/// an error where a setter of [`TimeoutConfig`] panics. The operation and the message are constants
/// of the program, so they are no settings.
///
/// Any release may add a field, so a literal of this struct ends with
/// `..TimeoutSettings::default()`.
///
/// ```
/// use std::time::Duration;
/// use resilience::{TimeoutConfig, TimeoutSettings};
///
/// const QUERY: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5)).operation("db_query");
///
/// let settings = TimeoutSettings {
///     limit: Some(Duration::from_millis(200)),
///     ..TimeoutSettings::default()
/// };
/// assert_eq!(settings.apply_to(QUERY)?, QUERY.limit(Duration::from_millis(200)));
///
/// let zero = TimeoutSettings { limit: Some(Duration::ZERO), ..settings };
/// let error = zero.apply_to(QUERY).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`limit` must be greater than zero (`Duration::MAX` means no limit); it is 0ns"
/// );
/// # Ok::<(), resilience::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(default, deny_unknown_fields)
)]
pub struct TimeoutSettings {
    /// See [`TimeoutConfig::limit`]. Zero is an error here, because many programs mean "no limit"
    /// by it. (The limit that an attribute computes in a call may be zero, because it can be the
    /// rest of a budget.)
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub limit: Option<Duration>,
}

impl TimeoutSettings {
    /// Returns `config` with those settings that are `Some`.
    ///
    /// # Errors
    /// If a value breaks the rule of its setting.
    pub fn apply_to(&self, mut config: TimeoutConfig) -> Result<TimeoutConfig, ConfigError> {
        if let Some(limit) = self.limit {
            LIMIT.check(!limit.is_zero(), limit)?;
            config = config.limit(limit);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5)).message("too slow");

    #[test]
    fn a_setting_that_is_none_changes_nothing() {
        assert_eq!(TimeoutSettings::default().apply_to(CONFIG), Ok(CONFIG));
    }

    #[test]
    fn every_setting_does_what_its_setter_does() {
        let limit = Some(Duration::MAX);
        let settings = TimeoutSettings { limit };
        assert_eq!(settings.apply_to(CONFIG), Ok(CONFIG.limit(Duration::MAX)));
    }

    #[test]
    fn a_limit_of_zero_is_an_error() {
        let limit = Some(Duration::ZERO);
        let error = TimeoutSettings { limit }.apply_to(CONFIG).unwrap_err();
        assert_eq!((error.setting(), error.value()), ("limit", "0ns"));
    }
}
