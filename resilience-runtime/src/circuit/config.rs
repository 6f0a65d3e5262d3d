//! The configuration of a circuit.

mod criteria;
mod keys;
mod recovery;
pub(super) mod rules;

use std::time::Duration;

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
    window_calls: Option<u32>,
    recovery_timeout: Duration,
    recovery_multiplier: f64,
    // `None` until it is set, because the default depends on the `recovery_timeout`.
    max_recovery_timeout: Option<Duration>,
    recovery_jitter: f64,
    success_threshold: u32,
    half_open_max_calls: u32,
    slow_call: Option<Duration>,
    slow_rate: Option<f64>,
    max_keys: u32,
    idle: Duration,
}

/// The criterion of failures by which the circuit opens. There is one at a time, so that a leftover
/// of another makes no difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Criterion {
    Count(u32),
    Rate(f64),
    Consecutive(u32),
}

const DEFAULT_MAX_RECOVERY_TIMEOUT: Duration = Duration::from_secs(600);

impl CircuitBreakerConfig {
    /// The defaults: the circuit opens at 5 failures within 60 s, probes after 30 s with one call
    /// at a time, and closes after 2 successful probes in a row. The open time does not grow, and
    /// no call is too slow.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            criterion: Criterion::Count(5),
            minimum_calls: 20,
            failure_window: Duration::from_secs(60),
            window_calls: None,
            recovery_timeout: Duration::from_secs(30),
            recovery_multiplier: 1.0,
            max_recovery_timeout: None,
            recovery_jitter: 0.0,
            success_threshold: 2,
            half_open_max_calls: 1,
            slow_call: None,
            slow_rate: None,
            max_keys: 1_000,
            idle: Duration::from_secs(600),
        }
    }

    /// The number of failures within the window that opens the circuit; `None` if another criterion
    /// opens it.
    pub const fn get_failure_threshold(&self) -> Option<u32> {
        match self.criterion {
            Criterion::Count(failures) => Some(failures),
            Criterion::Rate(_) | Criterion::Consecutive(_) => None,
        }
    }

    /// The rate that opens the circuit; `None` if another criterion opens it.
    pub const fn get_failure_rate(&self) -> Option<f64> {
        match self.criterion {
            Criterion::Rate(rate) => Some(rate),
            Criterion::Count(_) | Criterion::Consecutive(_) => None,
        }
    }

    /// The number of failures in a row that opens the circuit; `None` if another criterion opens
    /// it.
    pub const fn get_consecutive_failures(&self) -> Option<u32> {
        match self.criterion {
            Criterion::Consecutive(failures) => Some(failures),
            Criterion::Count(_) | Criterion::Rate(_) => None,
        }
    }

    /// The length of the window as a time.
    pub const fn get_failure_window(&self) -> Duration {
        self.failure_window
    }

    /// The length of the window of a rate as a number of calls; `None` if it is a time.
    pub const fn get_window_calls(&self) -> Option<u32> {
        self.window_calls
    }

    /// The number of calls that must lie in the window before a rate counts. It is never above
    /// `window_calls`.
    pub const fn get_minimum_calls(&self) -> u32 {
        match self.window_calls {
            Some(most) if most < self.minimum_calls => most,
            _ => self.minimum_calls,
        }
    }

    /// The time that an open circuit refuses before the next call probes.
    pub const fn get_recovery_timeout(&self) -> Duration {
        self.recovery_timeout
    }

    /// The factor by which an opening from half-open makes the open time longer.
    pub const fn get_recovery_multiplier(&self) -> f64 {
        self.recovery_multiplier
    }

    /// The longest open time, without jitter.
    pub const fn get_max_recovery_timeout(&self) -> Duration {
        match self.max_recovery_timeout {
            Some(longest) => longest,
            // A const fn compares nanoseconds, because it cannot compare durations.
            None if DEFAULT_MAX_RECOVERY_TIMEOUT.as_nanos() < self.recovery_timeout.as_nanos() => {
                self.recovery_timeout
            }
            None => DEFAULT_MAX_RECOVERY_TIMEOUT,
        }
    }

    /// The largest share of the open time that is added to it at random.
    pub const fn get_recovery_jitter(&self) -> f64 {
        self.recovery_jitter
    }

    /// The number of probes in a row that must succeed to close the circuit.
    pub const fn get_success_threshold(&self) -> u32 {
        self.success_threshold
    }

    /// The number of probes that may run at the same time.
    pub const fn get_half_open_max_calls(&self) -> u32 {
        self.half_open_max_calls
    }

    /// The longest time that a call may take without being slow, if there is one.
    pub const fn get_slow_call(&self) -> Option<Duration> {
        self.slow_call
    }

    /// The share of slow calls that opens the circuit. `None` if a slow call counts as a failure.
    pub const fn get_slow_rate(&self) -> Option<f64> {
        self.slow_rate
    }

    pub(super) const fn criterion(&self) -> Criterion {
        self.criterion
    }

    /// `minimum_calls` as it was set. A `window_calls` may be lower.
    pub(super) const fn minimum_calls_as_set(&self) -> u32 {
        self.minimum_calls
    }

    /// `max_recovery_timeout` as it was set, if it was.
    pub(super) const fn max_recovery_timeout_as_set(&self) -> Option<Duration> {
        self.max_recovery_timeout
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
