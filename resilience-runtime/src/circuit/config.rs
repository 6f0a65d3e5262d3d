//! The configuration of a circuit.

mod keys;

use std::time::Duration;

use crate::config_error::{Rule, rule};

pub(super) const FAILURE_THRESHOLD: Rule = rule!("failure_threshold", "must be at least 1, like 5");
pub(super) const FAILURE_WINDOW: Rule =
    rule!("failure_window", "must be longer than zero, like 60s");
pub(super) const FAILURE_RATE: Rule = rule!(
    "failure_rate",
    "must be above 0.0 and at most 1.0, like 0.5"
);
pub(super) const MINIMUM_CALLS: Rule = rule!("minimum_calls", "must be at least 1, like 20");
pub(super) const RECOVERY_TIMEOUT: Rule =
    rule!("recovery_timeout", "must be longer than zero, like 30s");
pub(super) const SUCCESS_THRESHOLD: Rule = rule!("success_threshold", "must be at least 1, like 2");
pub(super) const HALF_OPEN_MAX_CALLS: Rule =
    rule!("half_open_max_calls", "must be at least 1, like 1");
pub(super) const SLOW_CALL: Rule = rule!("slow_call", "must be longer than zero, like 2s");
pub(super) const MAX_KEYS: Rule = rule!("max_keys", "must be at least 1, like 1000");
pub(super) const IDLE: Rule = rule!("idle", "must be longer than zero, like 10m");

/// The options of `#[circuit_breaker]` as a value: they say when a circuit opens and how it closes
/// again.
///
/// Every setter checks its value. A wrong value in a `const` does not compile; at run time the
/// setter panics. [`CircuitBreakerSettings`](crate::CircuitBreakerSettings) returns an error
/// instead.
///
/// ```
/// use std::time::Duration;
/// use resilience::CircuitBreakerConfig;
///
/// const LLM_API: CircuitBreakerConfig = CircuitBreakerConfig::new()
///     .failure_rate(0.5)
///     .minimum_calls(10)
///     .recovery_timeout(Duration::from_secs(10));
///
/// assert_eq!(LLM_API.get_failure_rate(), Some(0.5));
/// assert_eq!(LLM_API.get_failure_threshold(), None);
/// ```
///
/// ```compile_fail
/// # use resilience::CircuitBreakerConfig;
/// const WRONG: CircuitBreakerConfig = CircuitBreakerConfig::new().failure_rate(50.0);
/// # let _ = WRONG;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CircuitBreakerConfig {
    criterion: Criterion,
    minimum_calls: u32,
    failure_window: Duration,
    recovery_timeout: Duration,
    success_threshold: u32,
    half_open_max_calls: u32,
    slow_call: Option<Duration>,
    max_keys: u32,
    idle: Duration,
}

/// The limit at which the circuit opens. There is one at a time, so that a leftover of the other
/// makes no difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Criterion {
    Count(u32),
    Rate(f64),
}

impl CircuitBreakerConfig {
    /// The defaults: the circuit opens at 5 failures within 60 s, probes after 30 s with one call
    /// at a time, and closes after 2 successful probes in a row. No call is too slow.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            criterion: Criterion::Count(5),
            minimum_calls: 20,
            failure_window: Duration::from_secs(60),
            recovery_timeout: Duration::from_secs(30),
            success_threshold: 2,
            half_open_max_calls: 1,
            slow_call: None,
            max_keys: 1_000,
            idle: Duration::from_secs(600),
        }
    }

    /// Opens the circuit when this many failures lie within the window. Default 5.
    ///
    /// Replaces a [`failure_rate`](Self::failure_rate) set before.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().failure_threshold(3);
    /// assert_eq!(config.get_failure_threshold(), Some(3));
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        FAILURE_THRESHOLD.require(failures >= 1);
        self.criterion = Criterion::Count(failures);
        self
    }

    /// Sets the length of the window: a failure counts while its age is below this. Default 60 s;
    /// [`Duration::MAX`] is for ever.
    ///
    /// The window is exact with a `failure_threshold`. With a `failure_rate` it slides by a twelfth
    /// of its length.
    ///
    /// # Panics
    /// If it is zero.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().failure_window(Duration::from_secs(10));
    /// assert_eq!(config.get_failure_window(), Duration::from_secs(10));
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn failure_window(mut self, window: Duration) -> Self {
        FAILURE_WINDOW.require(!window.is_zero());
        self.failure_window = window;
        self
    }

    /// Opens the circuit when the rate of failures within the window is at or above this, instead
    /// of a threshold.
    ///
    /// The rate lies above 0.0 and is at most 1.0. It counts once
    /// [`minimum_calls`](Self::minimum_calls) lie in the window. It replaces a `failure_threshold`
    /// set before.
    ///
    /// # Panics
    /// If it is out of range or not a number.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().failure_rate(0.25);
    /// assert_eq!(config.get_failure_rate(), Some(0.25));
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn failure_rate(mut self, rate: f64) -> Self {
        FAILURE_RATE.require(rate > 0.0 && rate <= 1.0);
        self.criterion = Criterion::Rate(rate);
        self
    }

    /// Sets the number of calls that must lie in the window before a `failure_rate` counts. Default
    /// 20; no effect without a rate.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().minimum_calls(100).failure_rate(0.25);
    /// assert_eq!(config.get_minimum_calls(), 100);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn minimum_calls(mut self, calls: u32) -> Self {
        MINIMUM_CALLS.require(calls >= 1);
        self.minimum_calls = calls;
        self
    }

    /// Sets the time that an open circuit refuses before the next call probes. Default 30 s;
    /// [`Duration::MAX`] is for ever.
    ///
    /// A probe that holds its slot for as long loses it to another call.
    ///
    /// # Panics
    /// If it is zero.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(5));
    /// assert_eq!(config.get_recovery_timeout(), Duration::from_secs(5));
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn recovery_timeout(mut self, timeout: Duration) -> Self {
        RECOVERY_TIMEOUT.require(!timeout.is_zero());
        self.recovery_timeout = timeout;
        self
    }

    /// Sets the number of probes in a row that must succeed to close the circuit. Default 2.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().success_threshold(1);
    /// assert_eq!(config.get_success_threshold(), 1);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        SUCCESS_THRESHOLD.require(successes >= 1);
        self.success_threshold = successes;
        self
    }

    /// Sets the number of probes that may run at the same time; further calls are refused. Default
    /// 1.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().half_open_max_calls(3);
    /// assert_eq!(config.get_half_open_max_calls(), 3);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn half_open_max_calls(mut self, calls: u32) -> Self {
        HALF_OPEN_MAX_CALLS.require(calls >= 1);
        self.half_open_max_calls = calls;
        self
    }

    /// Counts a call that takes longer than this as a failure, whatever it returned. Default: no
    /// call is too slow.
    ///
    /// # Panics
    /// If it is zero.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().slow_call(Duration::from_secs(2));
    /// assert_eq!(config.get_slow_call(), Some(Duration::from_secs(2)));
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn slow_call(mut self, limit: Duration) -> Self {
        SLOW_CALL.require(!limit.is_zero());
        self.slow_call = Some(limit);
        self
    }

    /// The number of failures that opens the circuit; `None` if a rate opens it.
    pub const fn get_failure_threshold(&self) -> Option<u32> {
        match self.criterion {
            Criterion::Count(failures) => Some(failures),
            Criterion::Rate(_) => None,
        }
    }

    /// The rate that opens the circuit; `None` if a number of failures opens it.
    pub const fn get_failure_rate(&self) -> Option<f64> {
        match self.criterion {
            Criterion::Rate(rate) => Some(rate),
            Criterion::Count(_) => None,
        }
    }

    /// The length of the window.
    pub const fn get_failure_window(&self) -> Duration {
        self.failure_window
    }

    /// The number of calls that must lie in the window before a rate counts.
    pub const fn get_minimum_calls(&self) -> u32 {
        self.minimum_calls
    }

    /// The time that an open circuit refuses before the next call probes.
    pub const fn get_recovery_timeout(&self) -> Duration {
        self.recovery_timeout
    }

    /// The number of probes in a row that must succeed to close the circuit.
    pub const fn get_success_threshold(&self) -> u32 {
        self.success_threshold
    }

    /// The number of probes that may run at the same time.
    pub const fn get_half_open_max_calls(&self) -> u32 {
        self.half_open_max_calls
    }

    /// The longest time that a call may take without counting as a failure, if there is one.
    pub const fn get_slow_call(&self) -> Option<Duration> {
        self.slow_call
    }

    pub(super) const fn criterion(&self) -> Criterion {
        self.criterion
    }
}

impl Default for CircuitBreakerConfig {
    /// The same as [`new`](Self::new).
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn message(set: impl FnOnce() -> CircuitBreakerConfig + std::panic::UnwindSafe) -> String {
        let payload = catch_unwind(set).expect_err("the value is refused");
        payload
            .downcast_ref::<String>()
            .expect("a sentence")
            .clone()
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let config = CircuitBreakerConfig::default();
        assert_eq!(config.get_failure_threshold(), Some(5));
        assert_eq!(config.get_failure_rate(), None);
        assert_eq!(config.get_failure_window(), Duration::from_secs(60));
        assert_eq!(config.get_minimum_calls(), 20);
        assert_eq!(config.get_recovery_timeout(), Duration::from_secs(30));
        assert_eq!(config.get_success_threshold(), 2);
        assert_eq!(config.get_half_open_max_calls(), 1);
        assert_eq!(config.get_slow_call(), None);
        assert_eq!(config.get_max_keys(), 1_000);
        assert_eq!(config.get_idle(), Duration::from_secs(600));
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_option_and_the_rule() {
        const NEW: CircuitBreakerConfig = CircuitBreakerConfig::new();
        for rate in [0.0, -0.5, 1.000_001, f64::NAN, f64::INFINITY] {
            assert_eq!(
                message(move || NEW.failure_rate(rate)),
                "`failure_rate` must be above 0.0 and at most 1.0, like 0.5"
            );
        }
        let zero = Duration::ZERO;
        let refusals = [
            (
                message(|| NEW.failure_threshold(0)),
                "`failure_threshold` must be at least 1",
            ),
            (
                message(|| NEW.minimum_calls(0)),
                "`minimum_calls` must be at least 1",
            ),
            (
                message(|| NEW.success_threshold(0)),
                "`success_threshold` must be at least 1",
            ),
            (
                message(|| NEW.half_open_max_calls(0)),
                "`half_open_max_calls` must be at least 1",
            ),
            (
                message(move || NEW.failure_window(zero)),
                "`failure_window` must be longer than zero",
            ),
            (
                message(move || NEW.recovery_timeout(zero)),
                "`recovery_timeout` must be longer than zero",
            ),
            (
                message(move || NEW.slow_call(zero)),
                "`slow_call` must be longer than zero",
            ),
        ];
        for (refusal, rule) in refusals {
            assert!(refusal.starts_with(rule), "{refusal}");
        }
    }

    #[test]
    fn the_later_of_threshold_and_rate_decides() {
        let config = CircuitBreakerConfig::new()
            .failure_threshold(3)
            .failure_rate(1.0);
        assert_eq!(config, CircuitBreakerConfig::new().failure_rate(1.0));
        assert_eq!(config.failure_threshold(4).get_failure_rate(), None);
    }

    #[test]
    fn minimum_calls_may_stand_on_either_side_of_the_rate() {
        let before = CircuitBreakerConfig::new()
            .minimum_calls(7)
            .failure_rate(0.5);
        let after = CircuitBreakerConfig::new()
            .failure_rate(0.5)
            .minimum_calls(7);
        assert_eq!(before, after);
    }
}
