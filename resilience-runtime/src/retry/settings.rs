//! The settings of a retry as values that are only known at run time.

#![cfg_attr(
    feature = "serde",
    expect(clippy::ref_option_ref, reason = "serde refers to each field")
)]

use super::config::RetryConfig;
use super::config::rules::{
    MAX_ATTEMPTS, MAX_ELAPSED, MULTIPLIER, MULTIPLIER_OF_NOTHING, MULTIPLIER_WITHOUT_EFFECT,
    STRATEGY_WITHOUT_EFFECT,
};
use super::strategy::{Jitter, Strategy};
use crate::budget::RetryBudget;
use crate::settings::{ConfigError, Rule, rule};
use core::time::Duration;

const ONE_COUNT: Rule = rule!(
    "max_attempts",
    "must not stand beside `max_retries`, because both say how many calls there are"
);

/// Settings of a retry that are only known at run time, because they come from a file, the
/// environment or a command line.
///
/// A setting that is `None` leaves the configuration as it is. [`apply_to`](Self::apply_to) returns
/// an error where a setter of [`RetryConfig`] panics, and where a setting would have no effect.
///
/// Any release may add a field, so a literal of this struct ends with `..RetrySettings::default()`.
///
/// ```
/// use resilience::{RetryConfig, RetrySettings};
/// use std::time::Duration;
///
/// let settings = RetrySettings {
///     max_retries: Some(5),
///     base_delay: Some(Duration::from_millis(50)),
///     ..RetrySettings::default()
/// };
/// let config = settings.apply_to(RetryConfig::new())?;
/// assert_eq!((config.get_max_attempts(), config.delay(2)), (6, Duration::from_millis(100)));
///
/// let shrinking = RetrySettings { multiplier: Some(0.5), ..settings };
/// let error = shrinking.apply_to(config).unwrap_err();
/// assert_eq!((error.setting(), error.value()), ("multiplier", "0.5"));
/// # Ok::<(), resilience::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(default, deny_unknown_fields)
)]
pub struct RetrySettings {
    /// See [`RetryConfig::max_retries`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_retries: Option<u32>,
    /// See [`RetryConfig::max_attempts`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_attempts: Option<u32>,
    /// See [`RetryConfig::strategy`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub strategy: Option<Strategy>,
    /// See [`RetryConfig::base_delay`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub base_delay: Option<Duration>,
    /// See [`RetryConfig::max_delay`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub max_delay: Option<Duration>,
    /// See [`RetryConfig::multiplier`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub multiplier: Option<f64>,
    /// See [`RetryConfig::jitter`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub jitter: Option<Jitter>,
    /// See [`RetryConfig::max_elapsed`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::time",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub max_elapsed: Option<Duration>,
    /// See [`RetryConfig::retry_refused`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub retry_refused: Option<bool>,
    /// See [`RetryConfig::budget`].
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::settings_serde::budget",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub budget: Option<&'static RetryBudget>,
}

impl RetrySettings {
    /// Returns `config` with those settings that are `Some`. A base above the cap is capped, as in
    /// [`RetryConfig`].
    ///
    /// # Errors
    /// The first value that breaks the rule of its setting. `max_attempts` beside `max_retries` is
    /// an error, because both say how many calls there are. So is a setting that has no effect: a
    /// `strategy` or `multiplier` beside decorrelated jitter, and a `multiplier` beside a strategy
    /// that is not exponential, whether the other one is a setting or of `config`.
    pub fn apply_to(&self, mut config: RetryConfig) -> Result<RetryConfig, ConfigError> {
        if let (Some(attempts), Some(_)) = (self.max_attempts, self.max_retries) {
            ONE_COUNT.check(false, attempts)?;
        }
        if let Some(retries) = self.max_retries {
            config = config.max_retries(retries);
        }
        if let Some(attempts) = self.max_attempts {
            MAX_ATTEMPTS.check(attempts >= 1, attempts)?;
            config = config.max_attempts(attempts);
        }
        if let Some(strategy) = self.strategy {
            config = config.strategy(strategy);
        }
        if let Some(delay) = self.base_delay {
            config = config.base_delay(delay);
        }
        if let Some(delay) = self.max_delay {
            config = config.max_delay(delay);
        }
        if let Some(multiplier) = self.multiplier {
            MULTIPLIER.check(multiplier.is_finite() && multiplier >= 1.0, multiplier)?;
            config = config.multiplier(multiplier);
        }
        if let Some(jitter) = self.jitter {
            config = config.jitter(jitter);
        }
        if let Some(limit) = self.max_elapsed {
            MAX_ELAPSED.check(!limit.is_zero(), limit)?;
            config = config.max_elapsed(limit);
        }
        if let Some(retry) = self.retry_refused {
            config = config.retry_refused(retry);
        }
        if let Some(budget) = self.budget {
            config = config.budget(budget);
        }
        self.check_effects(&config)?;
        Ok(config)
    }

    /// Refuses a setting that `config` leaves without effect.
    fn check_effects(&self, config: &RetryConfig) -> Result<(), ConfigError> {
        let is_drawn = config.get_jitter() == Jitter::Decorrelated;
        if let Some(strategy) = self.strategy {
            STRATEGY_WITHOUT_EFFECT.check(!is_drawn, strategy)?;
        }
        if let Some(multiplier) = self.multiplier {
            MULTIPLIER_WITHOUT_EFFECT.check(!is_drawn, multiplier)?;
            let multiplies = config.get_strategy() == Strategy::Exponential;
            MULTIPLIER_OF_NOTHING.check(multiplies, multiplier)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NONE: RetrySettings = RetrySettings {
        max_retries: None,
        max_attempts: None,
        strategy: None,
        base_delay: None,
        max_delay: None,
        multiplier: None,
        jitter: None,
        max_elapsed: None,
        retry_refused: None,
        budget: None,
    };

    #[test]
    fn a_setting_that_is_none_changes_nothing() {
        let config = RetryConfig::new().max_retries(7).max_elapsed(SECOND);
        assert_eq!(RetrySettings::default(), NONE);
        assert_eq!(NONE.apply_to(config), Ok(config));
    }

    #[test]
    fn each_setting_is_applied() {
        static BUDGET: RetryBudget = RetryBudget::new();
        let settings = RetrySettings {
            max_retries: Some(9),
            max_attempts: None,
            strategy: Some(Strategy::Exponential),
            base_delay: Some(2 * SECOND),
            max_delay: Some(5 * SECOND),
            multiplier: Some(3.0),
            jitter: Some(Jitter::Equal),
            max_elapsed: Some(90 * SECOND),
            retry_refused: Some(true),
            budget: Some(&BUDGET),
        };
        let expected = RetryConfig::new()
            .max_retries(9)
            .strategy(Strategy::Exponential)
            .base_delay(2 * SECOND)
            .max_delay(5 * SECOND)
            .multiplier(3.0)
            .jitter(Jitter::Equal)
            .max_elapsed(90 * SECOND)
            .retry_refused(true)
            .budget(&BUDGET);
        let linear = RetryConfig::new().strategy(Strategy::Linear);
        assert_eq!(settings.apply_to(linear), Ok(expected));
        let attempts = RetrySettings {
            max_attempts: Some(3),
            ..NONE
        };
        assert_eq!(
            attempts.apply_to(RetryConfig::new()),
            Ok(RetryConfig::new().max_retries(2))
        );
    }

    #[test]
    fn a_wrong_value_is_an_error_with_the_words_of_the_panic() {
        let error = |settings: RetrySettings| {
            let error = settings.apply_to(RetryConfig::new()).unwrap_err();
            (error.setting(), error.value().to_owned(), error.rule())
        };
        let attempts = RetrySettings {
            max_attempts: Some(0),
            ..NONE
        };
        assert_eq!(
            error(attempts),
            ("max_attempts", "0".to_owned(), MAX_ATTEMPTS.words)
        );
        for wrong in [0.99, -1.0, f64::NAN, f64::INFINITY] {
            let multiplier = RetrySettings {
                multiplier: Some(wrong),
                ..NONE
            };
            assert_eq!(
                error(multiplier),
                ("multiplier", format!("{wrong:?}"), MULTIPLIER.words)
            );
        }
        let elapsed = RetrySettings {
            max_elapsed: Some(Duration::ZERO),
            ..NONE
        };
        assert_eq!(
            error(elapsed),
            ("max_elapsed", "0ns".to_owned(), MAX_ELAPSED.words)
        );
    }

    #[test]
    fn both_counts_are_an_error() {
        let settings = RetrySettings {
            max_attempts: Some(3),
            max_retries: Some(2),
            ..NONE
        };
        let error = settings.apply_to(RetryConfig::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`max_attempts` must not stand beside `max_retries`, because both say how many calls there are; it is 3"
        );
    }

    #[test]
    fn a_setting_without_effect_is_an_error() {
        let error = |settings: RetrySettings, config| {
            let error = settings.apply_to(config).unwrap_err();
            (error.setting(), error.value().to_owned(), error.rule())
        };
        let strategy = RetrySettings {
            strategy: Some(Strategy::Linear),
            ..NONE
        };
        let multiplier = RetrySettings {
            multiplier: Some(3.0),
            ..NONE
        };
        let drawn = Some(Jitter::Decorrelated);
        let (new, linear) = (
            RetryConfig::new(),
            RetryConfig::new().strategy(Strategy::Linear),
        );
        assert_eq!(
            error(
                RetrySettings {
                    jitter: drawn,
                    ..strategy
                },
                new
            ),
            (
                "strategy",
                "Linear".to_owned(),
                STRATEGY_WITHOUT_EFFECT.words
            )
        );
        assert_eq!(
            error(multiplier, new.jitter(Jitter::Decorrelated)),
            (
                "multiplier",
                "3.0".to_owned(),
                MULTIPLIER_WITHOUT_EFFECT.words
            )
        );
        assert_eq!(
            error(multiplier, linear),
            ("multiplier", "3.0".to_owned(), MULTIPLIER_OF_NOTHING.words)
        );
        let jitter = RetrySettings {
            jitter: drawn,
            ..NONE
        };
        assert!(
            jitter.apply_to(linear).is_ok(),
            "nothing without effect is set"
        );
    }

    #[test]
    fn a_base_above_the_cap_is_capped() {
        let settings = RetrySettings {
            base_delay: Some(9 * SECOND),
            max_delay: Some(SECOND),
            ..NONE
        };
        let config = settings.apply_to(RetryConfig::new()).unwrap();
        assert_eq!(config.delay(1), SECOND);
    }
}
