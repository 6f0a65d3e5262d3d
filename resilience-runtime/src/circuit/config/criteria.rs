//! The setters that say when a circuit opens.

use std::time::Duration;

use super::{
    CircuitBreakerConfig, Criterion,
    rules::{
        CONSECUTIVE_FAILURES, FAILURE_RATE, FAILURE_THRESHOLD, FAILURE_WINDOW, MINIMUM_CALLS,
        MINIMUM_IN_WINDOW, MOST_WINDOW_CALLS, SLOW_CALL, SLOW_RATE, WINDOW_CALLS,
    },
};

impl CircuitBreakerConfig {
    /// Opens the circuit when this many failures lie within the window. Default 5.
    ///
    /// Replaces a [`failure_rate`](Self::failure_rate) or
    /// [`consecutive_failures`](Self::consecutive_failures) set before.
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
    /// The window is exact with a `failure_threshold`. With a `failure_rate` or a `slow_rate` it
    /// slides by a twelfth of its length. It replaces a [`window_calls`](Self::window_calls) set
    /// before. It has no effect on [`consecutive_failures`](Self::consecutive_failures).
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
        self.window_calls = None;
        self
    }

    /// Opens the circuit when the rate of failures within the window is at or above this, instead
    /// of a threshold.
    ///
    /// The rate lies above 0.0 and is at most 1.0. It counts once
    /// [`minimum_calls`](Self::minimum_calls) lie in the window. It replaces a `failure_threshold`
    /// or `consecutive_failures` set before.
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

    /// Opens the circuit when this many calls in a row fail, whatever the time between them. A
    /// success clears the count; a call that is ignored changes nothing.
    ///
    /// Replaces a `failure_threshold` or `failure_rate` set before.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().consecutive_failures(3);
    /// assert_eq!(config.get_consecutive_failures(), Some(3));
    /// assert_eq!(config.get_failure_threshold(), None);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn consecutive_failures(mut self, failures: u32) -> Self {
        CONSECUTIVE_FAILURES.require(failures >= 1);
        self.criterion = Criterion::Consecutive(failures);
        self
    }

    /// Makes the window of a `failure_rate` or a `slow_rate` the last calls, this many, instead of
    /// a time. It lies from 1 to 1024, and has no effect without a rate.
    ///
    /// # Panics
    /// If it is 0 or above 1024.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().failure_rate(0.5).window_calls(10);
    /// assert_eq!(config.get_window_calls(), Some(10));
    /// assert_eq!(config.get_minimum_calls(), 10, "the default is 20, or as many as the window has");
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn window_calls(mut self, calls: u32) -> Self {
        WINDOW_CALLS.require(calls >= 1 && calls <= MOST_WINDOW_CALLS);
        self.window_calls = Some(calls);
        self
    }

    /// Sets `minimum_calls` and `window_calls`, for two constants of one attribute. It compares
    /// them, because a constant minimum that no window can hold is a mistake.
    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub const fn constant_minimum_calls(self, calls: u32, window: u32) -> Self {
        MINIMUM_IN_WINDOW.require(calls <= window);
        self.minimum_calls(calls).window_calls(window)
    }

    /// Sets the number of calls that must lie in the window before a `failure_rate` or a
    /// `slow_rate` counts. Default 20; no effect without a rate.
    ///
    /// With [`window_calls`](Self::window_calls) it is never more than those.
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

    /// Counts a call that takes longer than this as a failure, whatever it returned. Default: no
    /// call is too slow. With a [`slow_rate`](Self::slow_rate) the call is slow and no failure.
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

    /// Opens the circuit when the share of slow calls within the window is at or above this. The
    /// calls that take longer than [`slow_call`](Self::slow_call) are then no failures by
    /// themselves.
    ///
    /// The share lies above 0.0 and is at most 1.0. It counts once
    /// [`minimum_calls`](Self::minimum_calls) lie in the window, which is
    /// [`window_calls`](Self::window_calls) if that is set and otherwise
    /// [`failure_window`](Self::failure_window). It may stand beside any criterion of failures. It
    /// has no effect without `slow_call`. An ignored call does not count, even if it was slow.
    ///
    /// # Panics
    /// If it is out of range or not a number.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().slow_call(Duration::from_secs(2)).slow_rate(0.5);
    /// assert_eq!(config.get_slow_rate(), Some(0.5));
    /// assert_eq!(config.get_failure_threshold(), Some(5), "failures open it, too");
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn slow_rate(mut self, share: f64) -> Self {
        SLOW_RATE.require(share > 0.0 && share <= 1.0);
        self.slow_rate = Some(share);
        self
    }
}
