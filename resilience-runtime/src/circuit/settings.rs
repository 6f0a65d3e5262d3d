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
    config_error::{ConfigError, Rule, rule},
    keyed::{IDLE, MAX_KEYS},
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
mod tests {
    use super::*;

    const NONE: CircuitBreakerSettings = CircuitBreakerSettings {
        failure_threshold: None,
        failure_window: None,
        failure_rate: None,
        consecutive_failures: None,
        window_calls: None,
        minimum_calls: None,
        recovery_timeout: None,
        recovery_multiplier: None,
        max_recovery_timeout: None,
        recovery_jitter: None,
        success_threshold: None,
        half_open_max_calls: None,
        slow_call: None,
        slow_rate: None,
        max_keys: None,
        idle: None,
    };

    #[test]
    fn a_setting_that_is_none_changes_nothing() {
        let config = CircuitBreakerConfig::new()
            .failure_rate(0.1)
            .slow_call(Duration::from_secs(9));
        assert_eq!(CircuitBreakerSettings::default(), NONE);
        assert_eq!(NONE.apply_to(config), Ok(config));
    }

    #[test]
    fn every_setting_does_what_its_setter_does() {
        let second = Duration::from_secs(1);
        let settings = CircuitBreakerSettings {
            failure_threshold: Some(1),
            failure_window: Some(second * 2),
            minimum_calls: Some(3),
            recovery_timeout: Some(second * 4),
            recovery_multiplier: Some(1.5),
            max_recovery_timeout: Some(second * 8),
            recovery_jitter: Some(0.0),
            success_threshold: Some(5),
            half_open_max_calls: Some(6),
            slow_call: Some(second * 7),
            slow_rate: Some(0.25),
            max_keys: Some(8),
            idle: Some(second * 9),
            ..NONE
        };
        let config = CircuitBreakerConfig::new()
            .failure_threshold(1)
            .failure_window(second * 2)
            .minimum_calls(3)
            .recovery_timeout(second * 4)
            .recovery_multiplier(1.5)
            .max_recovery_timeout(second * 8)
            .recovery_jitter(0.0)
            .success_threshold(5)
            .half_open_max_calls(6)
            .slow_call(second * 7)
            .slow_rate(0.25)
            .max_keys(8)
            .idle(second * 9);
        assert_eq!(settings.apply_to(CircuitBreakerConfig::new()), Ok(config));
        let rate = CircuitBreakerSettings {
            failure_rate: Some(0.5),
            ..NONE
        };
        assert_eq!(rate.apply_to(config), Ok(config.failure_rate(0.5)));
        let consecutive = CircuitBreakerSettings {
            consecutive_failures: Some(3),
            window_calls: Some(1_024),
            ..NONE
        };
        let expected = config.consecutive_failures(3).window_calls(1_024);
        assert_eq!(consecutive.apply_to(config), Ok(expected), "slow calls");
    }

    #[test]
    fn a_wrong_value_is_an_error_with_setting_value_and_rule() {
        const ZERO: Option<Duration> = Some(Duration::ZERO);
        type Set = fn(&mut CircuitBreakerSettings);
        let wrong: [(&str, &str, Set); 17] = [
            ("failure_threshold", "0", |s| s.failure_threshold = Some(0)),
            ("failure_window", "0ns", |s| s.failure_window = ZERO),
            ("failure_rate", "NaN", |s| s.failure_rate = Some(f64::NAN)),
            ("consecutive_failures", "0", |s| {
                s.consecutive_failures = Some(0);
            }),
            ("window_calls", "0", |s| s.window_calls = Some(0)),
            ("window_calls", "1025", |s| s.window_calls = Some(1_025)),
            ("minimum_calls", "0", |s| s.minimum_calls = Some(0)),
            ("recovery_timeout", "0ns", |s| s.recovery_timeout = ZERO),
            ("recovery_multiplier", "inf", |s| {
                s.recovery_multiplier = Some(f64::INFINITY);
            }),
            ("max_recovery_timeout", "0ns", |s| {
                s.max_recovery_timeout = ZERO;
            }),
            ("recovery_jitter", "NaN", |s| {
                s.recovery_jitter = Some(f64::NAN);
            }),
            ("success_threshold", "0", |s| s.success_threshold = Some(0)),
            ("half_open_max_calls", "0", |s| {
                s.half_open_max_calls = Some(0);
            }),
            ("slow_call", "0ns", |s| s.slow_call = ZERO),
            ("slow_rate", "-0.5", |s| s.slow_rate = Some(-0.5)),
            ("max_keys", "0", |s| s.max_keys = Some(0)),
            ("idle", "0ns", |s| s.idle = ZERO),
        ];
        for (setting, value, set) in wrong {
            let mut settings = NONE;
            set(&mut settings);
            let error = settings
                .apply_to(CircuitBreakerConfig::new())
                .expect_err(setting);
            assert_eq!((error.setting(), error.value()), (setting, value));
            assert!(error.rule().starts_with("must be "), "{}", error.rule());
        }
    }

    fn sentence(settings: CircuitBreakerSettings) -> String {
        let applied = settings.apply_to(CircuitBreakerConfig::new());
        applied
            .expect_err("two that exclude each other")
            .to_string()
    }

    #[test]
    fn two_criteria_are_an_error() {
        let rate = CircuitBreakerSettings {
            failure_rate: Some(0.5),
            failure_threshold: Some(5),
            ..NONE
        };
        assert_eq!(
            sentence(rate),
            "`failure_rate` must not stand beside `failure_threshold`, because a circuit opens by one of the two; it is 0.5"
        );
        for (beside, settings) in [
            (
                "failure_threshold",
                CircuitBreakerSettings {
                    failure_threshold: Some(5),
                    ..NONE
                },
            ),
            (
                "failure_rate",
                CircuitBreakerSettings {
                    failure_rate: Some(0.5),
                    ..NONE
                },
            ),
        ] {
            let both = CircuitBreakerSettings {
                consecutive_failures: Some(3),
                ..settings
            };
            let expected = format!(
                "`consecutive_failures` must not stand beside `{beside}`, because a circuit opens by one of the two; it is 3"
            );
            assert_eq!(sentence(both), expected);
        }
    }

    #[test]
    fn a_number_of_calls_without_a_rate_is_an_error() {
        let minimum = CircuitBreakerSettings {
            minimum_calls: Some(3),
            ..NONE
        };
        let window = CircuitBreakerSettings {
            window_calls: Some(3),
            ..NONE
        };
        let rated = CircuitBreakerConfig::new().failure_rate(0.5);
        let slow = CircuitBreakerConfig::new()
            .slow_call(Duration::from_secs(1))
            .slow_rate(0.5);
        for (setting, settings) in [("minimum_calls", minimum), ("window_calls", window)] {
            let words = format!(
                "`{setting}` belongs to `failure_rate` or `slow_rate`: add one, like 0.5, or leave `{setting}` out; it is 3"
            );
            assert_eq!(sentence(settings), words);
            let threshold = CircuitBreakerSettings {
                failure_threshold: Some(5),
                ..settings
            };
            assert_eq!(threshold.apply_to(rated).unwrap_err().to_string(), words);
            assert!(settings.apply_to(rated).is_ok());
            assert!(threshold.apply_to(slow).is_ok());
        }
    }

    #[test]
    fn a_share_of_slow_calls_without_slow_calls_is_an_error() {
        let share = CircuitBreakerSettings {
            slow_rate: Some(0.5),
            ..NONE
        };
        assert_eq!(
            sentence(share),
            "`slow_rate` belongs to `slow_call`: add one, like 2s, or leave `slow_rate` out; it is 0.5"
        );
        let config = CircuitBreakerConfig::new().slow_call(Duration::from_secs(1));
        assert_eq!(share.apply_to(config), Ok(config.slow_rate(0.5)));
    }

    #[test]
    fn a_window_without_effect_is_an_error() {
        let window = CircuitBreakerSettings {
            failure_window: Some(Duration::from_secs(1)),
            ..NONE
        };
        let calls = CircuitBreakerSettings {
            window_calls: Some(10),
            ..window
        };
        assert_eq!(
            sentence(calls),
            "`failure_window` must not stand beside `window_calls`, because a window is a time or a number of calls; it is 1s"
        );
        let consecutive = CircuitBreakerSettings {
            consecutive_failures: Some(3),
            ..window
        };
        assert_eq!(
            sentence(consecutive),
            "`failure_window` must not stand beside `consecutive_failures` without a `slow_rate`, because failures in a row \
             have no window; it is 1s"
        );
        let with_slow_rate = CircuitBreakerSettings {
            slow_call: Some(Duration::from_secs(1)),
            slow_rate: Some(0.5),
            ..consecutive
        };
        assert!(with_slow_rate.apply_to(CircuitBreakerConfig::new()).is_ok());
    }

    #[test]
    fn what_is_above_its_cap_is_capped() {
        let settings = CircuitBreakerSettings {
            failure_rate: Some(0.5),
            window_calls: Some(10),
            minimum_calls: Some(50),
            recovery_timeout: Some(Duration::from_secs(60)),
            max_recovery_timeout: Some(Duration::from_secs(5)),
            ..NONE
        };
        let config = settings
            .apply_to(CircuitBreakerConfig::new())
            .expect("all have a meaning");
        assert_eq!(config.get_minimum_calls(), 10);
        assert_eq!(config.get_max_recovery_timeout(), Duration::from_secs(5));
    }
}
