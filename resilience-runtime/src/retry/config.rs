//! What the user chose, checked where it is written.

use super::delay::{Jitter, Strategy};
use core::time::Duration;

const DEFAULT_BASE_DELAY: Duration = Duration::from_secs(1);
const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(60);

/// How often to call again, and how long to wait before.
///
/// A value starts as [`RetryConfig::new`] and is changed by setters named as the options of `#[retry]`. Every setter is
/// a `const fn` and checks its value: a wrong one in a `const` does not compile, the same one at run time panics with
/// the same words.
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
    // `None` until set: a default never contradicts what was set, only a choice contradicts a choice.
    base_delay: Option<Duration>,
    max_delay: Option<Duration>,
    max_elapsed: Option<Duration>,
}

impl RetryConfig {
    /// Three retries, [`Strategy::Exponential`] from 1 s by a multiplier of 2 up to 60 s, [`Jitter::Full`], and no limit
    /// on the time it takes altogether.
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
        }
    }

    /// Sets how many calls may follow the first one. Default 3; 0 makes a single call, [`u32::MAX`] never gives up.
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

    /// Sets how many calls there may be, the first one included: one more than [`max_retries`](Self::max_retries), of
    /// which it is another spelling. The later of the two calls counts.
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
        assert!(
            attempts >= 1,
            "`max_attempts` must be at least 1: it counts the first call too, so 1 never retries"
        );
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

    /// Sets the delay that the [`Strategy`] starts from. Default 1 s, or `max_delay` if that was set lower. Zero waits
    /// for nothing, not even a timer; an async retry gives way to other tasks before each 32nd attempt.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().base_delay(Duration::from_millis(20));
    /// assert_eq!(config.delay(1), Duration::from_millis(20));
    /// ```
    ///
    /// # Panics
    ///
    /// If a `max_delay` was set and is shorter.
    #[track_caller]
    #[must_use]
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = Some(delay);
        self.delays_agree()
    }

    /// Sets the longest delay; it caps the computed delay before jitter is drawn and again after, and a delay the
    /// server asked for. Default 60 s, or `base_delay` if that was set higher.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().max_delay(Duration::from_secs(3));
    /// assert_eq!(config.delay(2), Duration::from_secs(2));
    /// assert_eq!(config.delay(3), Duration::from_secs(3));
    /// ```
    ///
    /// # Panics
    ///
    /// If a `base_delay` was set and is longer.
    #[track_caller]
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = Some(delay);
        self.delays_agree()
    }

    /// Sets both delays at once, so that overriding them in a configuration that has others compares the new with the
    /// new only.
    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub const fn delays(mut self, base: Duration, max: Duration) -> Self {
        self.base_delay = Some(base);
        self.max_delay = Some(max);
        self.delays_agree()
    }

    #[track_caller]
    const fn delays_agree(self) -> Self {
        if let (Some(base), Some(max)) = (self.base_delay, self.max_delay) {
            // Durations cannot be compared in a const fn; their nanoseconds can.
            assert!(
                base.as_nanos() <= max.as_nanos(),
                "`base_delay` must not be longer than `max_delay`: lower `base_delay` or raise `max_delay`"
            );
        }
        self
    }

    /// Sets by how much each [`Strategy::Exponential`] delay is longer than the one before. Default 2.0.
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
        assert!(
            multiplier.is_finite() && multiplier >= 1.0,
            "`multiplier` must be a finite number of at least 1.0: delays do not shrink from one retry to the next"
        );
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

    /// Limits the time for all attempts and delays together, counted from the first attempt: when the time already
    /// spent plus the next delay would reach it, that delay is not begun and the outcome is returned as it is. An
    /// attempt that runs is never cut short; `#[timeout]` does that. Default none.
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
        assert!(
            !limit.is_zero(),
            "`max_elapsed` must be longer than zero: for a single attempt set `max_retries` to 0"
        );
        self.max_elapsed = Some(limit);
        self
    }

    /// How many calls may follow the first one.
    pub const fn get_max_retries(&self) -> u32 {
        self.max_retries
    }

    /// How many calls there may be, the first one included; saturates.
    pub const fn get_max_attempts(&self) -> u32 {
        self.max_retries.saturating_add(1)
    }

    /// How the delay grows.
    pub const fn get_strategy(&self) -> Strategy {
        self.strategy
    }

    /// How fast an exponential delay grows.
    pub const fn get_multiplier(&self) -> f64 {
        self.multiplier
    }

    /// What chance does to a delay.
    pub const fn get_jitter(&self) -> Jitter {
        self.jitter
    }

    /// The delay that the strategy starts from: what was set, else 1 s or `max_delay` if that is shorter.
    pub fn get_base_delay(&self) -> Duration {
        self.base_delay
            .unwrap_or_else(|| DEFAULT_BASE_DELAY.min(self.max_delay.unwrap_or(DEFAULT_BASE_DELAY)))
    }

    /// The longest delay: what was set, else 60 s or `base_delay` if that is longer.
    pub fn get_max_delay(&self) -> Duration {
        self.max_delay
            .unwrap_or_else(|| DEFAULT_MAX_DELAY.max(self.base_delay.unwrap_or(DEFAULT_MAX_DELAY)))
    }

    /// How long the retries may take altogether.
    #[inline]
    pub const fn get_max_elapsed(&self) -> Option<Duration> {
        self.max_elapsed
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
        (*panic.downcast_ref::<&str>().expect("a literal message")).to_owned()
    }

    #[test]
    fn every_setter_works_in_a_const() {
        const CONFIG: RetryConfig = RetryConfig::new()
            .max_retries(9)
            .max_attempts(5)
            .strategy(Strategy::Linear)
            .base_delay(Duration::ZERO)
            .max_delay(SECOND)
            .delays(SECOND, SECOND)
            .multiplier(1.0)
            .jitter(Jitter::None)
            .max_elapsed(SECOND);
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
    fn contradicting_delays_are_refused_in_either_order() {
        let words = "`base_delay` must not be longer than `max_delay`: lower `base_delay` or raise `max_delay`";
        let new = RetryConfig::new;
        assert_eq!(
            panic_text(|| new().base_delay(2 * SECOND).max_delay(SECOND)),
            words
        );
        assert_eq!(
            panic_text(|| new().max_delay(SECOND).base_delay(2 * SECOND)),
            words
        );
        assert_eq!(panic_text(|| new().delays(2 * SECOND, SECOND)), words);
    }

    #[test]
    fn delays_set_together_are_not_compared_with_those_they_replace() {
        let config = RetryConfig::new()
            .delays(SECOND, 2 * SECOND)
            .delays(10 * SECOND, 20 * SECOND);
        assert_eq!(
            (config.get_base_delay(), config.get_max_delay()),
            (10 * SECOND, 20 * SECOND)
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
