//! The setters that say for how long a circuit is open, and how it closes again.

use std::time::Duration;

use super::{
    CircuitBreakerConfig,
    rules::{
        HALF_OPEN_MAX_CALLS, MAX_RECOVERY_TIMEOUT, RECOVERY_BELOW_MAX, RECOVERY_JITTER,
        RECOVERY_MULTIPLIER, RECOVERY_TIMEOUT, SUCCESS_THRESHOLD,
    },
};

impl CircuitBreakerConfig {
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

    /// Makes the open time longer by this factor with each opening from half-open. Default 1.0: the
    /// open time does not grow.
    ///
    /// The first opening of a closed circuit takes `recovery_timeout`, and closing begins anew with
    /// that. The open time is never above [`max_recovery_timeout`](Self::max_recovery_timeout).
    ///
    /// # Panics
    /// If it is below 1, infinite or not a number.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().recovery_multiplier(2.0);
    /// assert_eq!(config.get_recovery_multiplier(), 2.0);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn recovery_multiplier(mut self, multiplier: f64) -> Self {
        RECOVERY_MULTIPLIER.require(multiplier.is_finite() && multiplier >= 1.0);
        self.recovery_multiplier = multiplier;
        self
    }

    /// Sets the longest open time before jitter, for one that grows and for one that the error's
    /// `recovery_hint` says. Default 10 minutes, or `recovery_timeout` where that is longer.
    ///
    /// A `recovery_timeout` above it is capped, so the order of the two setters does not matter.
    ///
    /// # Panics
    /// If it is zero.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::CircuitBreakerConfig;
    /// let hour = Duration::from_secs(3600);
    /// assert_eq!(CircuitBreakerConfig::new().get_max_recovery_timeout(), hour / 6);
    /// let config = CircuitBreakerConfig::new().max_recovery_timeout(hour);
    /// assert_eq!(config.get_max_recovery_timeout(), hour);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn max_recovery_timeout(mut self, timeout: Duration) -> Self {
        MAX_RECOVERY_TIMEOUT.require(!timeout.is_zero());
        self.max_recovery_timeout = Some(timeout);
        self
    }

    /// Sets `recovery_timeout` and `max_recovery_timeout`, for two constants of one attribute. It
    /// compares them, because a constant time above its constant cap is a mistake.
    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub const fn constant_recovery_timeouts(self, timeout: Duration, longest: Duration) -> Self {
        RECOVERY_BELOW_MAX.require(timeout.as_nanos() <= longest.as_nanos());
        self.recovery_timeout(timeout).max_recovery_timeout(longest)
    }

    /// Adds up to this share of the open time to it, at random, so that the replicas of a program
    /// do not probe at the same moment. It lies from 0.0 to 1.0. Default 0.0.
    ///
    /// The open time may be above [`max_recovery_timeout`](Self::max_recovery_timeout) by it.
    ///
    /// # Panics
    /// If it is out of range or not a number.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().recovery_jitter(0.1);
    /// assert_eq!(config.get_recovery_jitter(), 0.1);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn recovery_jitter(mut self, share: f64) -> Self {
        RECOVERY_JITTER.require(share >= 0.0 && share <= 1.0);
        self.recovery_jitter = share;
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
}
