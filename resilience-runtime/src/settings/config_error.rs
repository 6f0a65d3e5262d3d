//! The rules of settings: each is written once, for the panic of the setter and for the error of
//! `apply_to`.

use std::{error::Error, fmt};

/// A value breaks the rule of its setting, or has no effect beside the other settings.
///
/// The setters of a configuration panic with a wrong value, because a value that is written in the
/// program is a mistake of the program. For a value that is only known at run time (a file, an
/// environment variable), `apply_to` of [`RetrySettings`](crate::RetrySettings),
/// [`CircuitBreakerSettings`](crate::CircuitBreakerSettings) and
/// [`TimeoutSettings`](crate::TimeoutSettings) returns this error instead. Its text begins with the
/// words of the panic.
///
/// Two settings can contradict each other (`max_attempts` beside `max_retries`) or leave one
/// without effect (`minimum_calls` without a rate). The setters do not look at that, because one
/// may override another on purpose; `apply_to` and the attributes refuse it.
///
/// ```
/// use resilience::{CircuitBreakerConfig, CircuitBreakerSettings};
///
/// let settings = CircuitBreakerSettings { failure_threshold: Some(0), ..Default::default() };
/// let error = settings.apply_to(CircuitBreakerConfig::new()).unwrap_err();
/// assert_eq!((error.setting(), error.value()), ("failure_threshold", "0"));
/// assert_eq!(error.rule(), "must be at least 1, like 5");
/// assert_eq!(error.to_string(), "`failure_threshold` must be at least 1, like 5; it is 0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    rule: &'static Rule,
    value: String,
}

impl ConfigError {
    /// The name of the setting. The attribute's option has the same name.
    pub fn setting(&self) -> &'static str {
        self.rule.setting
    }

    /// The value as `Debug` shows it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The rule that the value breaks, like "must be at least 1, like 5".
    pub fn rule(&self) -> &'static str {
        self.rule.words
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, value } = self;
        write!(f, "{}; it is {value}", rule.sentence)
    }
}

impl Error for ConfigError {}

/// A rule of one setting. The macro [`rule!`] writes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) setting: &'static str,
    /// The sentence without its subject.
    pub(crate) words: &'static str,
    /// The setter panics with this sentence.
    pub(crate) sentence: &'static str,
}

impl Rule {
    /// Panics with the sentence if the value breaks the rule: for setters, in constants, too.
    #[track_caller]
    pub(crate) const fn require(&self, is_kept: bool) {
        assert!(is_kept, "{}", self.sentence);
    }

    /// Returns the error if `value` breaks the rule: for `apply_to`.
    pub(crate) fn check(
        &'static self,
        is_kept: bool,
        value: impl fmt::Debug,
    ) -> Result<(), ConfigError> {
        if is_kept {
            return Ok(());
        }
        Err(ConfigError {
            rule: self,
            value: format!("{value:?}"),
        })
    }
}

/// `rule!("failure_threshold", "must be at least 1, like 5")` is a [`Rule`], in a constant.
macro_rules! rule {
    ($setting:literal, $words:literal) => {
        $crate::settings::Rule {
            setting: $setting,
            words: $words,
            sentence: concat!("`", $setting, "` ", $words),
        }
    };
}
pub(crate) use rule;

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    static RULE: Rule = rule!("failure_threshold", "must be at least 1, like 5");

    #[test]
    fn the_error_begins_with_the_words_of_the_panic() {
        let error = RULE.check(false, 0).expect_err("the rule is broken");
        assert_eq!(
            (error.setting(), error.value(), error.rule()),
            ("failure_threshold", "0", "must be at least 1, like 5")
        );
        let panic = catch_unwind(|| RULE.require(false)).expect_err("the rule is broken");
        let panic = panic.downcast_ref::<String>().expect("a sentence");
        assert_eq!(panic, "`failure_threshold` must be at least 1, like 5");
        assert_eq!(error.to_string(), format!("{panic}; it is 0"));
    }

    #[test]
    fn a_kept_rule_is_silent() {
        RULE.require(true);
        assert_eq!(RULE.check(true, 1), Ok(()));
    }

    #[test]
    fn it_goes_wherever_an_error_goes() {
        fn portable<T: Error + Clone + Send + Sync + 'static>() {}
        portable::<ConfigError>();
    }
}
