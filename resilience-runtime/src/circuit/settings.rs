//! The settings of a circuit as values that are only known at run time.

use std::time::Duration;

use super::config::{
    CircuitBreakerConfig,
    rules::{
        CONSECUTIVE_FAILURES, FAILURE_RATE, FAILURE_THRESHOLD, FAILURE_WINDOW, HALF_OPEN_MAX_CALLS,
        MAX_RECOVERY_TIMEOUT, MINIMUM_CALLS, MOST_WINDOW_CALLS, RECOVERY_JITTER,
        RECOVERY_MULTIPLIER, RECOVERY_TIMEOUT, SLOW_CALL, SLOW_RATE, SUCCESS_THRESHOLD,
        WINDOW_CALLS,
    },
};
use crate::{
    keyed::{IDLE, MAX_KEYS},
    settings::{ConfigError, Rule, rule},
};

const RATE_OR_THRESHOLD: Rule = rule!(
    "failure_rate",
    "must not stand beside `failure_threshold`, because a circuit opens by one of the two"
);
const CONSECUTIVE_OR_THRESHOLD: Rule = rule!(
    "consecutive_failures",
    "must not stand beside `failure_threshold`, because a circuit opens by one of the two"
);
const CONSECUTIVE_OR_RATE: Rule = rule!(
    "consecutive_failures",
    "must not stand beside `failure_rate`, because a circuit opens by one of the two"
);
const RATE_MISSING: Rule = rule!(
    "minimum_calls",
    "belongs to `failure_rate` or `slow_rate`: add one, like 0.5, or leave `minimum_calls` out"
);
const RATE_OF_CALLS_MISSING: Rule = rule!(
    "window_calls",
    "belongs to `failure_rate` or `slow_rate`: add one, like 0.5, or leave `window_calls` out"
);
const SLOW_CALL_MISSING: Rule = rule!(
    "slow_rate",
    "belongs to `slow_call`: add one, like 2s, or leave `slow_rate` out"
);
const TIME_OR_CALLS: Rule = rule!(
    "failure_window",
    "must not stand beside `window_calls`, because a window is a time or a number of calls"
);
const NO_WINDOW: Rule = rule!(
    "failure_window",
    "must not stand beside `consecutive_failures` without a `slow_rate`, because failures in a row have no window"
);

/// Settings of a circuit that are only known at run time: from a file, from the environment, from a
/// command line.
///
/// A setting that is `None` leaves the configuration as it is. [`apply_to`](Self::apply_to) returns
/// an error where a setter of [`CircuitBreakerConfig`] panics, and where a setting would have no
/// effect.
///
/// Any release may add a field, so a literal of this struct ends with
/// `..CircuitBreakerSettings::default()`.
///
/// ```
/// use std::time::Duration;
/// use resilience::{CircuitBreakerConfig, CircuitBreakerSettings};
///
/// let settings = CircuitBreakerSettings {
///     failure_rate: Some(0.25),
///     recovery_timeout: Some(Duration::from_secs(10)),
///     ..CircuitBreakerSettings::default()
/// };
/// let config = settings.apply_to(CircuitBreakerConfig::new())?;
/// assert_eq!(config.get_failure_rate(), Some(0.25));
///
/// let percent = CircuitBreakerSettings { failure_rate: Some(25.0), ..settings };
/// let error = percent.apply_to(config).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`failure_rate` must be above 0.0 and at most 1.0, like 0.5; it is 25.0"
/// );
/// # Ok::<(), resilience::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(default, deny_unknown_fields)
)]
pub struct CircuitBreakerSettings {
    /// See [`CircuitBreakerConfig::failure_threshold`]. It replaces another criterion of the
    /// configuration.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub failure_threshold: Option<u32>,
    /// See [`CircuitBreakerConfig::failure_window`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub failure_window: Option<Duration>,
    /// See [`CircuitBreakerConfig::failure_rate`]. It replaces another criterion of the
    /// configuration.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub failure_rate: Option<f64>,
    /// See [`CircuitBreakerConfig::consecutive_failures`]. It replaces another criterion of the
    /// configuration.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub consecutive_failures: Option<u32>,
    /// See [`CircuitBreakerConfig::window_calls`]. It is an error without a rate, in these settings
    /// or in the configuration.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub window_calls: Option<u32>,
    /// See [`CircuitBreakerConfig::minimum_calls`]. It is an error without a rate, in these
    /// settings or in the configuration.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub minimum_calls: Option<u32>,
    /// See [`CircuitBreakerConfig::recovery_timeout`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub recovery_timeout: Option<Duration>,
    /// See [`CircuitBreakerConfig::recovery_multiplier`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub recovery_multiplier: Option<f64>,
    /// See [`CircuitBreakerConfig::max_recovery_timeout`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub max_recovery_timeout: Option<Duration>,
    /// See [`CircuitBreakerConfig::recovery_jitter`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub recovery_jitter: Option<f64>,
    /// See [`CircuitBreakerConfig::success_threshold`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub success_threshold: Option<u32>,
    /// See [`CircuitBreakerConfig::half_open_max_calls`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub half_open_max_calls: Option<u32>,
    /// See [`CircuitBreakerConfig::slow_call`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub slow_call: Option<Duration>,
    /// See [`CircuitBreakerConfig::slow_rate`]. It is an error without a `slow_call`, in these
    /// settings or in the configuration.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub slow_rate: Option<f64>,
    /// See [`CircuitBreakerConfig::max_keys`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_keys: Option<u32>,
    /// See [`CircuitBreakerConfig::idle`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub idle: Option<Duration>,
}

impl CircuitBreakerSettings {
    /// Returns `config` with those settings that are `Some`.
    ///
    /// # Errors
    /// The first value that breaks the rule of its setting. Two criteria of failures are an error,
    /// because a circuit opens by one of them; and so is a setting that would have no effect:
    /// `minimum_calls` and `window_calls` without a rate, `slow_rate` without a `slow_call`, and
    /// `failure_window` beside `window_calls` or for failures in a row.
    pub fn apply_to(
        &self,
        config: CircuitBreakerConfig,
    ) -> Result<CircuitBreakerConfig, ConfigError> {
        self.check_criteria()?;
        let config = self.apply_criterion(config)?;
        let config = self.apply_windows(config)?;
        let config = self.apply_recovery(config)?;
        self.apply_keys(config)
    }

    fn check_criteria(&self) -> Result<(), ConfigError> {
        if let (Some(rate), Some(_)) = (self.failure_rate, self.failure_threshold) {
            RATE_OR_THRESHOLD.check(false, rate)?;
        }
        if let Some(failures) = self.consecutive_failures {
            CONSECUTIVE_OR_THRESHOLD.check(self.failure_threshold.is_none(), failures)?;
            CONSECUTIVE_OR_RATE.check(self.failure_rate.is_none(), failures)?;
        }
        Ok(())
    }

    fn apply_criterion(
        &self,
        mut config: CircuitBreakerConfig,
    ) -> Result<CircuitBreakerConfig, ConfigError> {
        if let Some(failures) = self.failure_threshold {
            FAILURE_THRESHOLD.check(failures >= 1, failures)?;
            config = config.failure_threshold(failures);
        }
        if let Some(rate) = self.failure_rate {
            FAILURE_RATE.check(rate > 0.0 && rate <= 1.0, rate)?;
            config = config.failure_rate(rate);
        }
        if let Some(failures) = self.consecutive_failures {
            CONSECUTIVE_FAILURES.check(failures >= 1, failures)?;
            config = config.consecutive_failures(failures);
        }
        if let Some(limit) = self.slow_call {
            SLOW_CALL.check(!limit.is_zero(), limit)?;
            config = config.slow_call(limit);
        }
        if let Some(share) = self.slow_rate {
            SLOW_RATE.check(share > 0.0 && share <= 1.0, share)?;
            SLOW_CALL_MISSING.check(config.get_slow_call().is_some(), share)?;
            config = config.slow_rate(share);
        }
        Ok(config)
    }

    fn apply_windows(
        &self,
        mut config: CircuitBreakerConfig,
    ) -> Result<CircuitBreakerConfig, ConfigError> {
        let has_rate = config.get_failure_rate().is_some() || config.get_slow_rate().is_some();
        if let Some(window) = self.failure_window {
            FAILURE_WINDOW.check(!window.is_zero(), window)?;
            TIME_OR_CALLS.check(self.window_calls.is_none(), window)?;
            let is_consecutive = config.get_consecutive_failures().is_some();
            NO_WINDOW.check(has_rate || !is_consecutive, window)?;
            config = config.failure_window(window);
        }
        if let Some(calls) = self.window_calls {
            WINDOW_CALLS.check((1..=MOST_WINDOW_CALLS).contains(&calls), calls)?;
            RATE_OF_CALLS_MISSING.check(has_rate, calls)?;
            config = config.window_calls(calls);
        }
        if let Some(calls) = self.minimum_calls {
            MINIMUM_CALLS.check(calls >= 1, calls)?;
            RATE_MISSING.check(has_rate, calls)?;
            config = config.minimum_calls(calls);
        }
        Ok(config)
    }

    fn apply_recovery(
        &self,
        mut config: CircuitBreakerConfig,
    ) -> Result<CircuitBreakerConfig, ConfigError> {
        if let Some(timeout) = self.recovery_timeout {
            RECOVERY_TIMEOUT.check(!timeout.is_zero(), timeout)?;
            config = config.recovery_timeout(timeout);
        }
        if let Some(multiplier) = self.recovery_multiplier {
            RECOVERY_MULTIPLIER.check(multiplier.is_finite() && multiplier >= 1.0, multiplier)?;
            config = config.recovery_multiplier(multiplier);
        }
        if let Some(timeout) = self.max_recovery_timeout {
            MAX_RECOVERY_TIMEOUT.check(!timeout.is_zero(), timeout)?;
            config = config.max_recovery_timeout(timeout);
        }
        if let Some(share) = self.recovery_jitter {
            RECOVERY_JITTER.check((0.0..=1.0).contains(&share), share)?;
            config = config.recovery_jitter(share);
        }
        if let Some(successes) = self.success_threshold {
            SUCCESS_THRESHOLD.check(successes >= 1, successes)?;
            config = config.success_threshold(successes);
        }
        if let Some(calls) = self.half_open_max_calls {
            HALF_OPEN_MAX_CALLS.check(calls >= 1, calls)?;
            config = config.half_open_max_calls(calls);
        }
        Ok(config)
    }

    fn apply_keys(
        &self,
        mut config: CircuitBreakerConfig,
    ) -> Result<CircuitBreakerConfig, ConfigError> {
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
mod tests;
