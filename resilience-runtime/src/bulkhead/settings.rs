//! The settings of a bulkhead as values that are only known at run time.

use std::time::Duration;

use super::config::{BulkheadConfig, MAX_CONCURRENT, MOST_CONCURRENT};
use crate::{
    keyed::{IDLE, MAX_KEYS},
    settings::ConfigError,
};

/// Settings of a bulkhead that are only known at run time: from a file, from the environment, from
/// a command line.
///
/// A setting that is `None` leaves the configuration as it is. [`apply_to`](Self::apply_to) returns
/// an error where a setter of [`BulkheadConfig`] panics.
///
/// Any release may add a field, so a literal of this struct ends with
/// `..BulkheadSettings::default()`.
///
/// ```
/// use resilience::{BulkheadConfig, BulkheadSettings};
///
/// const POOL: BulkheadConfig = BulkheadConfig::new(5);
///
/// let settings = BulkheadSettings { max_concurrent: Some(8), ..BulkheadSettings::default() };
/// assert_eq!(settings.apply_to(POOL)?, POOL.max_concurrent(8));
///
/// let closed = BulkheadSettings { max_concurrent: Some(0), ..settings };
/// assert_eq!(
///     closed.apply_to(POOL).unwrap_err().to_string(),
///     "`max_concurrent` must be at least 1 and at most 1000000, like 25; it is 0"
/// );
/// # Ok::<(), resilience::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(default, deny_unknown_fields)
)]
pub struct BulkheadSettings {
    /// See [`BulkheadConfig::max_concurrent`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_concurrent: Option<u32>,
    /// See [`BulkheadConfig::max_wait`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub max_wait: Option<Duration>,
    /// See [`BulkheadConfig::max_keys`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_keys: Option<u32>,
    /// See [`BulkheadConfig::idle`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub idle: Option<Duration>,
}

impl BulkheadSettings {
    /// Returns `config` with those settings that are `Some`.
    ///
    /// # Errors
    /// If a value breaks the rule of its setting.
    pub fn apply_to(&self, mut config: BulkheadConfig) -> Result<BulkheadConfig, ConfigError> {
        if let Some(calls) = self.max_concurrent {
            MAX_CONCURRENT.check((1..=MOST_CONCURRENT).contains(&calls), calls)?;
            config = config.max_concurrent(calls);
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

    const CONFIG: BulkheadConfig = BulkheadConfig::new(5).max_wait(Duration::from_secs(1));

    #[test]
    fn a_setting_that_is_none_changes_nothing() {
        assert_eq!(BulkheadSettings::default().apply_to(CONFIG), Ok(CONFIG));
    }

    #[test]
    fn every_setting_does_what_its_setter_does() {
        let settings = BulkheadSettings {
            max_concurrent: Some(7),
            max_wait: Some(Duration::MAX),
            max_keys: Some(3),
            idle: Some(Duration::from_secs(9)),
        };
        let expected = BulkheadConfig::new(7)
            .max_wait(Duration::MAX)
            .max_keys(3)
            .idle(Duration::from_secs(9));
        assert_eq!(settings.apply_to(CONFIG), Ok(expected));
    }

    #[test]
    fn a_value_out_of_range_is_an_error() {
        let refused = |settings: BulkheadSettings| {
            let error = settings.apply_to(CONFIG).unwrap_err();
            (error.setting(), error.value().to_owned())
        };
        let none = BulkheadSettings::default();
        let (max_concurrent, max_keys) = (Some(MOST_CONCURRENT + 1), Some(0));
        assert_eq!(
            refused(BulkheadSettings {
                max_concurrent,
                ..none
            }),
            ("max_concurrent", "1000001".to_owned())
        );
        assert_eq!(
            refused(BulkheadSettings { max_keys, ..none }),
            ("max_keys", "0".to_owned())
        );
        let idle = Some(Duration::ZERO);
        assert_eq!(
            refused(BulkheadSettings { idle, ..none }),
            ("idle", "0ns".to_owned())
        );
    }
}
