//! The options of `#[retry]` as a value. Each setter checks its value.

use super::strategy::{Jitter, Strategy};
use crate::budget::RetryBudget;
use crate::config_error::{Rule, rule};
use core::time::Duration;

pub(super) const MAX_ATTEMPTS: Rule = rule!(
    "max_attempts",
    "must be at least 1: it counts the first call too, so 1 never retries"
);
pub(super) const MULTIPLIER: Rule = rule!(
    "multiplier",
    "must be a finite number of at least 1.0: delays do not shrink from one retry to the next"
);
pub(super) const MAX_ELAPSED: Rule = rule!(
    "max_elapsed",
    "must be longer than zero: for a single attempt set `max_retries` to 0"
);
pub(super) const STRATEGY_WITHOUT_EFFECT: Rule = rule!(
    "strategy",
    "must not stand beside `jitter = decorrelated`, because decorrelated jitter draws each delay from the one before"
);
pub(super) const MULTIPLIER_WITHOUT_EFFECT: Rule = rule!(
    "multiplier",
    "must not stand beside `jitter = decorrelated`, because decorrelated jitter draws each delay from the one before"
);
pub(super) const MULTIPLIER_OF_NOTHING: Rule = rule!(
    "multiplier",
    "must not stand beside another strategy, because only `strategy = exponential` multiplies"
);
const DELAYS: Rule = rule!(
    "base_delay",
    "must not be longer than `max_delay`: lower `base_delay` or raise `max_delay`"
);

const DEFAULT_BASE_DELAY: Duration = Duration::from_secs(1);
const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(60);

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

    /// Sets the multiplier to a constant of an attribute that begins with a constant `config = …`. A
    /// multiplier that this configuration leaves without effect is a mistake in the program.
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

    /// Returns how many calls may follow the first one.
    pub const fn get_max_retries(&self) -> u32 {
        self.max_retries
    }

    /// Returns how many calls there may be, the first one included. The number saturates.
    pub const fn get_max_attempts(&self) -> u32 {
        self.max_retries.saturating_add(1)
    }

    /// Returns the strategy of the delays.
    pub const fn get_strategy(&self) -> Strategy {
        self.strategy
    }

    /// Returns the multiplier of exponential delays.
    pub const fn get_multiplier(&self) -> f64 {
        self.multiplier
    }

    /// Returns the jitter.
    pub const fn get_jitter(&self) -> Jitter {
        self.jitter
    }

    /// Returns the delay that the strategy starts from. If nobody set it, it is 1 s, or `max_delay`
    /// if that is shorter.
    pub fn get_base_delay(&self) -> Duration {
        self.base_delay
            .unwrap_or_else(|| DEFAULT_BASE_DELAY.min(self.max_delay.unwrap_or(DEFAULT_BASE_DELAY)))
    }

    /// Returns the longest delay. If nobody set it, it is 60 s, or `base_delay` if that is longer.
    pub fn get_max_delay(&self) -> Duration {
        self.max_delay
            .unwrap_or_else(|| DEFAULT_MAX_DELAY.max(self.base_delay.unwrap_or(DEFAULT_MAX_DELAY)))
    }

    /// Returns the limit on the time of the whole call.
    #[inline]
    pub const fn get_max_elapsed(&self) -> Option<Duration> {
        self.max_elapsed
    }

    /// True if refusals are retried.
    pub const fn get_retry_refused(&self) -> bool {
        self.retry_refused
    }

    /// True if the configuration file takes the retry away.
    #[cfg(feature = "config")]
    pub(super) const fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// True if the configuration file takes the retry away: there is no file.
    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "the feature `config` has a file")]
    pub(super) const fn is_disabled(&self) -> bool {
        false
    }

    /// Says if each attempt is a span.
    #[cfg(feature = "config")]
    pub(super) const fn with_span(mut self, span: Option<bool>) -> Self {
        self.span = span;
        self
    }

    /// True if each attempt is a span, for an attribute that says so or not.
    #[cfg(feature = "config")]
    pub(super) fn has_span(&self, attribute: bool) -> bool {
        !self.is_disabled && self.span.unwrap_or(attribute)
    }

    /// Takes the retry away.
    #[cfg(feature = "config")]
    pub(super) const fn disabled(mut self) -> Self {
        self.is_disabled = true;
        self.max_retries = 0;
        self.budget = None;
        self
    }

    /// Returns the budget.
    #[inline]
    pub const fn get_budget(&self) -> Option<&'static RetryBudget> {
        self.budget
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    const SECOND: Duration = Duration::from_secs(1);

    fn panic_text(f: impl FnOnce() -> RetryConfig + std::panic::UnwindSafe) -> String {
        let panic = catch_unwind(f).expect_err("a wrong value was accepted");
        panic.downcast_ref::<String>().expect("a sentence").clone()
    }

    #[test]
    fn every_setter_works_in_a_const() {
        const CONFIG: RetryConfig = RetryConfig::new()
            .max_retries(9)
            .max_attempts(5)
            .strategy(Strategy::Linear)
            .base_delay(Duration::ZERO)
            .max_delay(SECOND)
            .constant_delays(SECOND, SECOND)
            .multiplier(1.0)
            .jitter(Jitter::None)
            .max_elapsed(SECOND)
            .retry_refused(true);
        assert_eq!(CONFIG.get_max_retries(), 4);
        assert_eq!(
            (CONFIG.get_strategy(), CONFIG.get_multiplier()),
            (Strategy::Linear, 1.0)
        );
        assert_eq!(
            (CONFIG.get_base_delay(), CONFIG.get_max_delay()),
            (SECOND, SECOND)
        );
        assert_eq!(CONFIG.get_jitter(), Jitter::None);
        assert_eq!(CONFIG.get_max_elapsed(), Some(SECOND));
        assert!(CONFIG.get_retry_refused());
    }

    #[test]
    fn defaults_are_those_documented() {
        let config = RetryConfig::default();
        assert_eq!(config.get_max_attempts(), 4);
        assert_eq!(
            (config.get_strategy(), config.get_multiplier()),
            (Strategy::default(), 2.0)
        );
        assert_eq!(config.get_jitter(), Jitter::default());
        assert_eq!(
            (config.get_base_delay(), config.get_max_delay()),
            (SECOND, 60 * SECOND)
        );
        assert_eq!(config.get_max_elapsed(), None);
        assert!(!config.get_retry_refused());
    }

    #[test]
    fn an_unset_delay_gives_way_to_the_one_that_was_set() {
        let slow = RetryConfig::new().base_delay(90 * SECOND);
        assert_eq!(
            (slow.get_base_delay(), slow.get_max_delay()),
            (90 * SECOND, 90 * SECOND)
        );
        let quick = RetryConfig::new().max_delay(SECOND / 2);
        assert_eq!(
            (quick.get_base_delay(), quick.get_max_delay()),
            (SECOND / 2, SECOND / 2)
        );
    }

    #[test]
    fn a_base_above_the_cap_is_capped_in_either_order() {
        let new = RetryConfig::new;
        let capped = new().base_delay(5 * SECOND).max_delay(2 * SECOND);
        assert_eq!(capped, new().max_delay(2 * SECOND).base_delay(5 * SECOND));
        assert_eq!(
            [1, 2, 9].map(|attempt| capped.delay(attempt)),
            [2 * SECOND; 3]
        );
        // The cap may be raised later.
        assert_eq!(capped.max_delay(60 * SECOND).delay(1), 5 * SECOND);
    }

    #[test]
    fn a_constant_base_above_a_constant_cap_is_a_mistake() {
        assert_eq!(
            panic_text(|| RetryConfig::new().constant_delays(2 * SECOND, SECOND)),
            "`base_delay` must not be longer than `max_delay`: lower `base_delay` or raise `max_delay`"
        );
    }

    #[test]
    fn wrong_numbers_are_refused() {
        let new = RetryConfig::new;
        assert!(
            panic_text(|| new().max_attempts(0)).starts_with("`max_attempts` must be at least 1")
        );
        assert!(
            panic_text(|| new().max_elapsed(Duration::ZERO))
                .starts_with("`max_elapsed` must be longer")
        );
        for wrong in [0.0, 0.99, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(
                panic_text(|| new().multiplier(wrong))
                    .starts_with("`multiplier` must be a finite number")
            );
        }
    }

    #[test]
    fn the_largest_count_does_not_overflow() {
        assert_eq!(
            RetryConfig::new().max_retries(u32::MAX).get_max_attempts(),
            u32::MAX
        );
    }
}
