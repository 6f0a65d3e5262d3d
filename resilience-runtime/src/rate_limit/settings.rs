//! The settings of a rate limit as values that are only known at run time.

use std::time::Duration;

use super::config::{BURST, LIMIT, PER, RateLimitConfig};
use crate::{
    keyed::{IDLE, MAX_KEYS},
    settings::ConfigError,
};

/// Settings of a rate limit that are only known at run time: from a file, from the environment,
/// from a command line.
///
/// A setting that is `None` leaves the configuration as it is. [`apply_to`](Self::apply_to) returns
/// an error where a setter of [`RateLimitConfig`] panics.
///
/// Any release may add a field, so a literal of this struct ends with
/// `..RateLimitSettings::default()`.
///
/// ```
/// use std::time::Duration;
/// use resilience::{RateLimitConfig, RateLimitSettings};
///
/// const API: RateLimitConfig = RateLimitConfig::new(100, Duration::from_secs(1));
///
/// let settings = RateLimitSettings { limit: Some(50), ..RateLimitSettings::default() };
/// assert_eq!(settings.apply_to(API)?, API.limit(50));
///
/// let closed = RateLimitSettings { limit: Some(0), ..settings };
/// assert_eq!(
///     closed.apply_to(API).unwrap_err().to_string(),
///     "`limit` must be at least 1, like 100; it is 0"
/// );
/// # Ok::<(), resilience::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(default, deny_unknown_fields)
)]
pub struct RateLimitSettings {
    /// See [`RateLimitConfig::limit`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub limit: Option<u32>,
    /// See [`RateLimitConfig::per`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub per: Option<Duration>,
    /// See [`RateLimitConfig::burst`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub burst: Option<u32>,
    /// See [`RateLimitConfig::max_wait`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub max_wait: Option<Duration>,
    /// See [`RateLimitConfig::max_keys`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_keys: Option<u32>,
    /// See [`RateLimitConfig::idle`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub idle: Option<Duration>,
}

impl RateLimitSettings {
    /// Returns `config` with those settings that are `Some`.
    ///
    /// # Errors
    /// If a value breaks the rule of its setting.
    pub fn apply_to(&self, mut config: RateLimitConfig) -> Result<RateLimitConfig, ConfigError> {
        if let Some(calls) = self.limit {
            LIMIT.check(calls >= 1, calls)?;
            config = config.limit(calls);
        }
        if let Some(time) = self.per {
            PER.check(!time.is_zero(), time)?;
            config = config.per(time);
        }
        if let Some(calls) = self.burst {
            BURST.check(calls >= 1, calls)?;
            config = config.burst(calls);
        }
        if let Some(time) = self.max_wait {
            config = config.max_wait(time);
        }
        if let Some(keys) = self.max_keys {
            MAX_KEYS.check(keys >= 1, keys)?;
            config = config.max_keys(keys);
        }
        if let Some(time) = self.idle {
            IDLE.check(!time.is_zero(), time)?;
            config = config.idle(time);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RateLimitConfig = RateLimitConfig::new(5, SECOND).burst(2);

    #[test]
    fn a_setting_that_is_none_changes_nothing() {
        assert_eq!(RateLimitSettings::default().apply_to(CONFIG), Ok(CONFIG));
    }

    #[test]
    fn every_setting_does_what_its_setter_does() {
        let settings = RateLimitSettings {
            limit: Some(7),
            per: Some(SECOND * 2),
            burst: Some(4),
            max_wait: Some(Duration::MAX),
            max_keys: Some(3),
            idle: Some(SECOND * 9),
        };
        let expected = RateLimitConfig::new(7, SECOND * 2)
            .burst(4)
            .max_wait(Duration::MAX)
            .max_keys(3)
            .idle(SECOND * 9);
        assert_eq!(settings.apply_to(CONFIG), Ok(expected));
    }

    #[test]
    fn a_value_out_of_range_is_an_error() {
        let none = RateLimitSettings::default();
        let zero = Some(Duration::ZERO);
        for (settings, name) in [
            (
                RateLimitSettings {
                    limit: Some(0),
                    ..none
                },
                "limit",
            ),
            (RateLimitSettings { per: zero, ..none }, "per"),
            (
                RateLimitSettings {
                    burst: Some(0),
                    ..none
                },
                "burst",
            ),
            (
                RateLimitSettings {
                    max_keys: Some(0),
                    ..none
                },
                "max_keys",
            ),
            (RateLimitSettings { idle: zero, ..none }, "idle"),
        ] {
            assert_eq!(settings.apply_to(CONFIG).unwrap_err().setting(), name);
        }
    }
}
