//! The options of `#[retry]` as a value. Each setter checks its value.

use super::strategy::{Jitter, Strategy};
use crate::budget::RetryBudget;
use core::time::Duration;
use rules::{
    DELAYS, MAX_ATTEMPTS, MAX_ELAPSED, MULTIPLIER, MULTIPLIER_OF_NOTHING,
    MULTIPLIER_WITHOUT_EFFECT, STRATEGY_WITHOUT_EFFECT,
};

mod getters;
mod in_file;
pub(super) mod rules;
#[cfg(test)]
mod tests;

/// The configuration of a retry: the number of attempts, and the delays between them.
///
/// A value starts as [`RetryConfig::new`] and is changed by setters that are named as the options
/// of `#[retry]`. Every setter is a `const fn` and checks its value. A wrong value in a `const`
/// does not compile, and at run time it panics with the same words.
///
/// ```
/// use resilience::{Jitter, RetryConfig};
/// use std::time::Duration;
///
/// const CONFIG: RetryConfig = RetryConfig::new()
///     .max_retries(5)
///     .base_delay(Duration::from_millis(50))
///     .jitter(Jitter::Equal);
///
/// assert_eq!(CONFIG.delay(1), Duration::from_millis(50));
/// assert_eq!(CONFIG.delay(2), Duration::from_millis(100));
/// ```
///
/// ```compile_fail,E0080
/// use resilience::RetryConfig;
///
/// const CONFIG: RetryConfig = RetryConfig::new().max_attempts(0);
/// # fn main() { let _ = CONFIG; }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryConfig {
    max_retries: u32,
    strategy: Strategy,
    jitter: Jitter,
    multiplier: f64,
    // `None` until it is set, because the default of one delay depends on the other.
    base_delay: Option<Duration>,
    max_delay: Option<Duration>,
    max_elapsed: Option<Duration>,
    retry_refused: bool,
    /// The configuration file takes the retry away: a call has one attempt, and nothing is told.
    #[cfg(feature = "config")]
    is_disabled: bool,
    /// The configuration file says if each attempt is a span.
    #[cfg(feature = "config")]
    span: Option<bool>,
    budget: Option<&'static RetryBudget>,
}

impl RetryConfig {
    /// Makes the default configuration: three retries, [`Strategy::Exponential`] from 1 s by a
    /// multiplier of 2 up to 60 s, [`Jitter::Full`], and no limit on the time of the whole call.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// assert_eq!(RetryConfig::new().delay(1), Duration::from_secs(1));
    /// assert_eq!(RetryConfig::new().delay(100), Duration::from_secs(60));
    /// ```
    pub const fn new() -> Self {
        Self {
            max_retries: 3,
            strategy: Strategy::Exponential,
            jitter: Jitter::Full,
            multiplier: 2.0,
            base_delay: None,
            max_delay: None,
            max_elapsed: None,
            retry_refused: false,
            #[cfg(feature = "config")]
            is_disabled: false,
            #[cfg(feature = "config")]
            span: None,
            budget: None,
        }
    }

    /// Sets how many calls may follow the first one. Default 3; 0 makes a single call, [`u32::MAX`]
    /// never gives up.
    ///
    /// ```
    /// use resilience::RetryConfig;
    ///
    /// assert_eq!(RetryConfig::new().max_retries(4), RetryConfig::new().max_attempts(5));
    /// ```
    #[must_use]
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets how many calls there may be, the first one included. It says the same as
    /// [`max_retries`](Self::max_retries) with a number that is one more. The later of the two
    /// setters counts.
    ///
    /// ```
    /// use resilience::RetryConfig;
    ///
    /// assert_eq!(RetryConfig::new().max_attempts(1), RetryConfig::new().max_retries(0));
    /// ```
    ///
    /// # Panics
    ///
    /// If `attempts` is 0.
    #[track_caller]
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        MAX_ATTEMPTS.require(attempts >= 1);
        self.max_retries = attempts - 1;
        self
    }

    /// Sets how the delay grows. Default [`Strategy::Exponential`].
    ///
    /// ```
    /// use resilience::{RetryConfig, Strategy};
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().strategy(Strategy::Linear);
    /// assert_eq!(config.delay(3), Duration::from_secs(3));
    /// ```
    #[must_use]
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets the delay that the [`Strategy`] starts from. Default 1 s, or `max_delay` if that was
    /// set lower. Zero waits for nothing, not even a timer; an async retry gives way to other tasks
    /// before each 32nd attempt.
    ///
    /// A base above `max_delay` is capped by it when a delay is computed.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().base_delay(Duration::from_millis(20));
    /// assert_eq!(config.delay(1), Duration::from_millis(20));
    /// ```
    #[must_use]
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = Some(delay);
        self
    }

    /// Sets the longest delay. It caps the computed delay before jitter is drawn and again after. A
    /// server that asks for a longer delay ends the retries, see
    /// [`RetryHint::After`](crate::RetryHint::After). Default 60 s, or `base_delay` if that was set
    /// higher.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().max_delay(Duration::from_secs(3));
    /// assert_eq!(config.delay(2), Duration::from_secs(2));
    /// assert_eq!(config.delay(3), Duration::from_secs(3));
    /// ```
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = Some(delay);
        self
    }

    /// Sets both delays to constants of an attribute. A constant base above a constant cap is a
    /// mistake in the program.
    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub const fn constant_delays(self, base: Duration, max: Duration) -> Self {
        // A const fn compares nanoseconds, because it cannot compare durations.
        DELAYS.require(base.as_nanos() <= max.as_nanos());
        self.base_delay(base).max_delay(max)
    }

    /// Sets the multiplier to a constant of an attribute that begins with a constant `config = …`.
    /// A multiplier that this configuration leaves without effect is a mistake in the program.
    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub const fn constant_multiplier(self, multiplier: f64) -> Self {
        MULTIPLIER_WITHOUT_EFFECT.require(!matches!(self.jitter, Jitter::Decorrelated));
        MULTIPLIER_OF_NOTHING.require(matches!(self.strategy, Strategy::Exponential));
        self.multiplier(multiplier)
    }

    /// Sets the strategy to a constant of an attribute that begins with a constant `config = …`. A
    /// strategy that this configuration leaves without effect is a mistake in the program.
    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub const fn constant_strategy(self, strategy: Strategy) -> Self {
        STRATEGY_WITHOUT_EFFECT.require(!matches!(self.jitter, Jitter::Decorrelated));
        self.strategy(strategy)
    }

    /// Sets by how much each [`Strategy::Exponential`] delay is longer than the one before. Default
    /// 2.0.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().multiplier(1.5);
    /// assert_eq!(config.delay(3), Duration::from_millis(2250));
    /// ```
    ///
    /// # Panics
    ///
    /// If `multiplier` is below 1, infinite or not a number.
    #[track_caller]
    #[must_use]
    pub const fn multiplier(mut self, multiplier: f64) -> Self {
        MULTIPLIER.require(multiplier.is_finite() && multiplier >= 1.0);
        self.multiplier = multiplier;
        self
    }

    /// Sets how much of the delay is left to chance. Default [`Jitter::Full`].
    ///
    /// ```
    /// use resilience::{Jitter, RetryConfig};
    ///
    /// const EXACT: RetryConfig = RetryConfig::new().jitter(Jitter::None);
    /// # assert_ne!(EXACT, RetryConfig::new());
    /// ```
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Limits the time for all attempts and delays together, counted from the first attempt: when
    /// the time already spent plus the next delay would reach it, that delay is not begun and the
    /// outcome is returned as it is. An attempt that runs is never cut short; `#[timeout]` does
    /// that. Default none.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new()
    ///     .base_delay(Duration::from_secs(1))
    ///     .max_elapsed(Duration::from_millis(1));
    /// let mut calls = 0;
    /// let outcome: Result<(), &str> = config.jitter(resilience::Jitter::None).run(|| {
    ///     calls += 1;
    ///     Err("busy")
    /// });
    /// assert_eq!((outcome, calls), (Err("busy"), 1));
    /// ```
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[track_caller]
    #[must_use]
    pub const fn max_elapsed(mut self, limit: Duration) -> Self {
        MAX_ELAPSED.require(!limit.is_zero());
        self.max_elapsed = Some(limit);
        self
    }

    /// Sets if the retry repeats a call that a layer refused: an open circuit of this stack, or of
    /// another function. Default `false`, because a refusal says nothing about the service, and
    /// retrying it adds load.
    ///
    /// ```
    /// use resilience::RetryConfig;
    ///
    /// const PATIENT: RetryConfig = RetryConfig::new().retry_refused(true);
    /// assert!(PATIENT.get_retry_refused());
    /// ```
    #[must_use]
    pub const fn retry_refused(mut self, retry: bool) -> Self {
        self.retry_refused = retry;
        self
    }

    /// Sets the budget that limits the retries of all calls together. Default none.
    ///
    /// A configuration with a budget is a `static` and no `const`, because before Rust 1.91 a
    /// constant must not refer to a static with atomics.
    ///
    /// ```
    /// use resilience::{RetryBudget, RetryConfig};
    ///
    /// static BUDGET: RetryBudget = RetryBudget::new().ratio(0.1);
    /// static CONFIG: RetryConfig = RetryConfig::new().max_retries(5).budget(&BUDGET);
    ///
    /// let answer: Result<u32, &str> = CONFIG.run(|| Ok(42));
    /// assert_eq!((answer, BUDGET.stats().calls), (Ok(42), 1));
    /// ```
    #[must_use]
    pub const fn budget(mut self, budget: &'static RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self::new()
    }
}
