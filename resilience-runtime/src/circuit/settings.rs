//! The settings of a circuit as values that are only known at run time.

use std::time::Duration;

use super::config::{
    CircuitBreakerConfig, FAILURE_RATE, FAILURE_THRESHOLD, FAILURE_WINDOW, HALF_OPEN_MAX_CALLS,
    IDLE, MAX_KEYS, MINIMUM_CALLS, RECOVERY_TIMEOUT, SLOW_CALL, SUCCESS_THRESHOLD,
};
use crate::config_error::{ConfigError, Rule, rule};

const ONE_CRITERION: Rule = rule!(
    "failure_rate",
    "must not stand beside `failure_threshold`, because a circuit opens by one of the two"
);

const RATE_MISSING: Rule = rule!(
    "minimum_calls",
    "belongs to `failure_rate`: add one, like 0.5, or use `failure_threshold` alone"
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
pub struct CircuitBreakerSettings {
    /// See [`CircuitBreakerConfig::failure_threshold`]. It replaces a rate of the configuration.
    pub failure_threshold: Option<u32>,
    /// See [`CircuitBreakerConfig::failure_window`].
    pub failure_window: Option<Duration>,
    /// See [`CircuitBreakerConfig::failure_rate`]. It replaces a threshold of the configuration.
    pub failure_rate: Option<f64>,
    /// See [`CircuitBreakerConfig::minimum_calls`]. It is an error without a rate, in these
    /// settings or in the configuration.
    pub minimum_calls: Option<u32>,
    /// See [`CircuitBreakerConfig::recovery_timeout`].
    pub recovery_timeout: Option<Duration>,
    /// See [`CircuitBreakerConfig::success_threshold`].
    pub success_threshold: Option<u32>,
    /// See [`CircuitBreakerConfig::half_open_max_calls`].
    pub half_open_max_calls: Option<u32>,
    /// See [`CircuitBreakerConfig::slow_call`].
    pub slow_call: Option<Duration>,
    /// See [`CircuitBreakerConfig::max_keys`].
    pub max_keys: Option<u32>,
    /// See [`CircuitBreakerConfig::idle`].
    pub idle: Option<Duration>,
}

impl CircuitBreakerSettings {
    /// Returns `config` with those settings that are `Some`.
    ///
    /// # Errors
    /// The first value that breaks the rule of its setting. A `failure_threshold` beside a
    /// `failure_rate` is an error, because a circuit opens by one of the two; and so is
    /// `minimum_calls` without a rate, because only a rate looks at the number of calls.
    pub fn apply_to(
        &self,
        mut config: CircuitBreakerConfig,
    ) -> Result<CircuitBreakerConfig, ConfigError> {
        if let (Some(rate), Some(_)) = (self.failure_rate, self.failure_threshold) {
            ONE_CRITERION.check(false, rate)?;
        }
        if let Some(failures) = self.failure_threshold {
            FAILURE_THRESHOLD.check(failures >= 1, failures)?;
            config = config.failure_threshold(failures);
        }
        if let Some(window) = self.failure_window {
            FAILURE_WINDOW.check(!window.is_zero(), window)?;
            config = config.failure_window(window);
        }
        if let Some(rate) = self.failure_rate {
            FAILURE_RATE.check(rate > 0.0 && rate <= 1.0, rate)?;
            config = config.failure_rate(rate);
        }
        if let Some(calls) = self.minimum_calls {
            MINIMUM_CALLS.check(calls >= 1, calls)?;
            RATE_MISSING.check(config.get_failure_rate().is_some(), calls)?;
            config = config.minimum_calls(calls);
        }
        if let Some(timeout) = self.recovery_timeout {
            RECOVERY_TIMEOUT.check(!timeout.is_zero(), timeout)?;
            config = config.recovery_timeout(timeout);
        }
        if let Some(successes) = self.success_threshold {
            SUCCESS_THRESHOLD.check(successes >= 1, successes)?;
            config = config.success_threshold(successes);
        }
        if let Some(calls) = self.half_open_max_calls {
            HALF_OPEN_MAX_CALLS.check(calls >= 1, calls)?;
            config = config.half_open_max_calls(calls);
        }
        if let Some(limit) = self.slow_call {
            SLOW_CALL.check(!limit.is_zero(), limit)?;
            config = config.slow_call(limit);
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

    const NONE: CircuitBreakerSettings = CircuitBreakerSettings {
        failure_threshold: None,
        failure_window: None,
        failure_rate: None,
        minimum_calls: None,
        recovery_timeout: None,
        success_threshold: None,
        half_open_max_calls: None,
        slow_call: None,
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
            recovery_timeout: Some(second * 4),
            success_threshold: Some(5),
            half_open_max_calls: Some(6),
            slow_call: Some(second * 7),
            max_keys: Some(8),
            idle: Some(second * 9),
            ..NONE
        };
        let config = CircuitBreakerConfig::new()
            .failure_threshold(1)
            .failure_window(second * 2)
            .recovery_timeout(second * 4)
            .success_threshold(5)
            .half_open_max_calls(6)
            .slow_call(second * 7)
            .max_keys(8)
            .idle(second * 9);
        assert_eq!(settings.apply_to(CircuitBreakerConfig::new()), Ok(config));
        let rate = CircuitBreakerSettings {
            failure_rate: Some(0.5),
            minimum_calls: Some(3),
            ..NONE
        };
        let rated = config.failure_rate(0.5).minimum_calls(3);
        assert_eq!(rate.apply_to(config), Ok(rated));
    }

    #[test]
    fn a_number_of_calls_without_a_rate_is_an_error() {
        let calls = CircuitBreakerSettings {
            minimum_calls: Some(3),
            ..NONE
        };
        let threshold = CircuitBreakerSettings {
            failure_threshold: Some(5),
            ..calls
        };
        let rated = CircuitBreakerConfig::new().failure_rate(0.5);
        let words = "`minimum_calls` belongs to `failure_rate`: add one, like 0.5, or use \
                     `failure_threshold` alone; it is 3";
        for (settings, config) in [
            (calls, CircuitBreakerConfig::new()),
            (threshold, CircuitBreakerConfig::new()),
            (threshold, rated),
        ] {
            assert_eq!(settings.apply_to(config).unwrap_err().to_string(), words);
        }
        assert_eq!(calls.apply_to(rated), Ok(rated.minimum_calls(3)));
    }

    #[test]
    fn a_wrong_value_is_an_error_with_setting_value_and_rule() {
        let zero = Some(Duration::ZERO);
        let wrong = [
            (
                CircuitBreakerSettings {
                    failure_threshold: Some(0),
                    ..NONE
                },
                "failure_threshold",
                "0",
            ),
            (
                CircuitBreakerSettings {
                    failure_window: zero,
                    ..NONE
                },
                "failure_window",
                "0ns",
            ),
            (
                CircuitBreakerSettings {
                    failure_rate: Some(f64::NAN),
                    ..NONE
                },
                "failure_rate",
                "NaN",
            ),
            (
                CircuitBreakerSettings {
                    minimum_calls: Some(0),
                    ..NONE
                },
                "minimum_calls",
                "0",
            ),
            (
                CircuitBreakerSettings {
                    recovery_timeout: zero,
                    ..NONE
                },
                "recovery_timeout",
                "0ns",
            ),
            (
                CircuitBreakerSettings {
                    success_threshold: Some(0),
                    ..NONE
                },
                "success_threshold",
                "0",
            ),
            (
                CircuitBreakerSettings {
                    half_open_max_calls: Some(0),
                    ..NONE
                },
                "half_open_max_calls",
                "0",
            ),
            (
                CircuitBreakerSettings {
                    slow_call: zero,
                    ..NONE
                },
                "slow_call",
                "0ns",
            ),
            (
                CircuitBreakerSettings {
                    max_keys: Some(0),
                    ..NONE
                },
                "max_keys",
                "0",
            ),
            (CircuitBreakerSettings { idle: zero, ..NONE }, "idle", "0ns"),
        ];
        for (settings, setting, value) in wrong {
            let error = settings
                .apply_to(CircuitBreakerConfig::new())
                .expect_err(setting);
            assert_eq!((error.setting(), error.value()), (setting, value));
            assert!(error.rule().starts_with("must be "), "{}", error.rule());
        }
    }

    #[test]
    fn two_criteria_are_an_error() {
        let settings = CircuitBreakerSettings {
            failure_rate: Some(0.5),
            failure_threshold: Some(5),
            ..NONE
        };
        let error = settings
            .apply_to(CircuitBreakerConfig::new())
            .expect_err("two criteria");
        assert_eq!(
            error.to_string(),
            "`failure_rate` must not stand beside `failure_threshold`, because a circuit opens by one of the two; it is 0.5"
        );
    }
}
