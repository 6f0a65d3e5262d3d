//! The delays: pure arithmetic that saturates instead of overflowing.

use super::config::RetryConfig;
use super::strategy::{Jitter, Strategy};
use core::time::Duration;

impl RetryConfig {
    /// The delay after attempt `attempt` (counted from 1) as the [`Strategy`] computes it: capped
    /// by [`max_delay`](Self::max_delay), without jitter. It saturates: no attempt is too late, no
    /// multiplier too large.
    ///
    /// ```
    /// use resilience::RetryConfig;
    /// use std::time::Duration;
    ///
    /// let config = RetryConfig::new().max_delay(Duration::from_secs(5));
    /// let delays = [1, 2, 3, 4, u32::MAX].map(|attempt| config.delay(attempt).as_secs());
    /// assert_eq!(delays, [1, 2, 4, 5, 5]);
    /// ```
    pub fn delay(&self, attempt: u32) -> Duration {
        let base = self.get_base_delay();
        let (strategy, multiplier) = (self.get_strategy(), self.get_multiplier());
        let delay = match strategy {
            Strategy::Exponential if attempt > 1 => {
                let exponent = i32::try_from(attempt - 1).unwrap_or(i32::MAX);
                scaled(base, multiplier.powi(exponent))
            }
            Strategy::Linear => base.saturating_mul(attempt.max(1)),
            Strategy::Exponential | Strategy::Constant => base,
        };
        delay.min(self.get_max_delay())
    }

    /// True if a computed delay depends on a random number.
    #[inline]
    pub(crate) fn is_random(&self) -> bool {
        self.get_jitter() != Jitter::None && !self.get_base_delay().is_zero()
    }

    /// The delay after attempt `attempt` with jitter. `previous` is the delay that this function
    /// returned before the last attempt, if it did, and `random` lies in `[0, 1)`.
    #[inline]
    pub(crate) fn jittered(
        &self,
        attempt: u32,
        previous: Option<Duration>,
        random: f64,
    ) -> Duration {
        // Every strategy and every jitter multiplies it.
        if self.get_base_delay().is_zero() {
            Duration::ZERO
        } else {
            self.jittered_from_base(attempt, previous, random)
        }
    }

    #[inline(never)]
    fn jittered_from_base(
        &self,
        attempt: u32,
        previous: Option<Duration>,
        random: f64,
    ) -> Duration {
        let cap = self.get_max_delay();
        let within = |low: Duration, high: Duration| {
            // The sum may be rounded up past the upper bound.
            low.saturating_add(scaled(high.saturating_sub(low), random))
                .min(high)
        };
        let delay = match self.get_jitter() {
            Jitter::None => self.delay(attempt),
            Jitter::Full => within(Duration::ZERO, self.delay(attempt)),
            Jitter::Equal => {
                let delay = self.delay(attempt);
                within(delay / 2, delay)
            }
            Jitter::Decorrelated => {
                let base = self.get_base_delay();
                let previous = previous.unwrap_or(base);
                within(base, previous.saturating_mul(3).min(cap))
            }
        };
        delay.min(cap)
    }
}

/// `delay · factor`, or the longest duration if there is none that long.
fn scaled(delay: Duration, factor: f64) -> Duration {
    // Zero times infinity is not a number.
    if delay.is_zero() {
        return delay;
    }
    Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    const SECOND: Duration = Duration::from_secs(1);
    const ALMOST_ONE: f64 = 1.0 - f64::EPSILON / 2.0;
    const STRATEGIES: [Strategy; 3] = [Strategy::Exponential, Strategy::Linear, Strategy::Constant];
    const JITTERS: [Jitter; 4] = [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Decorrelated,
        Jitter::None,
    ];

    #[test]
    fn from_zero_nothing_grows_and_no_number_is_drawn() {
        for strategy in STRATEGIES {
            for jitter in JITTERS {
                let config = RetryConfig::new()
                    .base_delay(Duration::ZERO)
                    .strategy(strategy)
                    .jitter(jitter);
                assert!(!config.is_random());
                for attempt in [1, 2, u32::MAX] {
                    assert_eq!(config.delay(attempt), Duration::ZERO);
                    assert_eq!(config.jittered(attempt, None, ALMOST_ONE), Duration::ZERO);
                }
            }
        }
        assert!(RetryConfig::new().is_random());
        assert!(!RetryConfig::new().jitter(Jitter::None).is_random());
    }

    fn delays(config: RetryConfig) -> [u64; 4] {
        [1, 2, 3, 4].map(|attempt| u64::try_from(config.delay(attempt).as_millis()).unwrap())
    }

    #[test]
    fn each_strategy_follows_its_formula() {
        let config = RetryConfig::new().base_delay(SECOND / 10);
        assert_eq!(delays(config), [100, 200, 400, 800]);
        assert_eq!(delays(config.multiplier(3.0)), [100, 300, 900, 2700]);
        assert_eq!(delays(config.multiplier(1.0)), [100; 4]);
        assert_eq!(
            delays(config.strategy(Strategy::Linear)),
            [100, 200, 300, 400]
        );
        assert_eq!(delays(config.strategy(Strategy::Constant)), [100; 4]);
    }

    #[test]
    fn max_delay_caps_every_strategy() {
        for strategy in STRATEGIES {
            let config = RetryConfig::new()
                .strategy(strategy)
                .base_delay(3 * SECOND)
                .max_delay(3 * SECOND);
            assert_eq!(delays(config), [3000; 4]);
        }
    }

    #[test]
    fn a_base_above_the_cap_is_capped() {
        for jitter in JITTERS {
            let config = RetryConfig::new()
                .base_delay(9 * SECOND)
                .max_delay(2 * SECOND)
                .jitter(jitter);
            assert_eq!(config.delay(1), 2 * SECOND);
            assert!(
                config.jittered(1, None, ALMOST_ONE) <= 2 * SECOND,
                "{jitter:?}"
            );
        }
    }

    #[test]
    fn attempt_zero_is_taken_as_the_first() {
        for strategy in STRATEGIES {
            assert_eq!(RetryConfig::new().strategy(strategy).delay(0), SECOND);
        }
    }

    #[test]
    fn the_first_delay_is_the_base_to_the_nanosecond() {
        let base = Duration::new(u64::MAX / 2, 123_456_789);
        assert_eq!(RetryConfig::new().base_delay(base).delay(1), base);
    }

    #[test]
    fn arithmetic_saturates() {
        let extremes = [
            RetryConfig::new().multiplier(f64::MAX),
            RetryConfig::new()
                .multiplier(f64::MAX)
                .base_delay(Duration::ZERO),
            RetryConfig::new()
                .base_delay(Duration::from_nanos(1))
                .max_delay(Duration::MAX),
            RetryConfig::new()
                .base_delay(Duration::MAX)
                .max_delay(Duration::MAX),
            RetryConfig::new()
                .base_delay(Duration::MAX)
                .max_delay(Duration::MAX)
                .multiplier(1e308),
            RetryConfig::new()
                .base_delay(Duration::ZERO)
                .max_delay(Duration::ZERO),
            RetryConfig::new()
                .base_delay(Duration::ZERO)
                .max_delay(Duration::MAX),
        ];
        for config in extremes {
            for (strategy, jitter) in STRATEGIES.into_iter().flat_map(|s| JITTERS.map(|j| (s, j))) {
                let config = config.strategy(strategy).jitter(jitter);
                for attempt in [0, 1, 2, 63, 64, 1024, u32::MAX - 1, u32::MAX] {
                    for random in [0.0, 0.5, ALMOST_ONE] {
                        for previous in [None, Some(Duration::ZERO), Some(Duration::MAX)] {
                            let delay = config.jittered(attempt, previous, random);
                            assert!(
                                delay <= config.get_max_delay(),
                                "{config:?} after {attempt}: {delay:?}"
                            );
                        }
                    }
                }
            }
        }
        let steep = RetryConfig::new().multiplier(1e308);
        assert_eq!(steep.delay(u32::MAX), steep.get_max_delay());
        assert_eq!(
            steep.base_delay(Duration::ZERO).delay(u32::MAX),
            Duration::ZERO
        );
    }

    /// The lowest, the middle and the highest delay that jitter can make of attempt 3.
    fn range(config: RetryConfig, previous: Option<Duration>) -> [Duration; 3] {
        [0.0, 0.5, ALMOST_ONE].map(|random| config.jittered(3, previous, random))
    }

    #[test]
    fn each_jitter_spans_its_range() {
        let config = RetryConfig::new();
        let (d, previous) = (4 * SECOND, Some(2 * SECOND));
        assert_eq!(
            range(config.jitter(Jitter::Full), previous),
            [Duration::ZERO, d / 2, d]
        );
        assert_eq!(
            range(config.jitter(Jitter::Equal), previous),
            [d / 2, 3 * d / 4, d]
        );
        assert_eq!(range(config.jitter(Jitter::None), previous), [d; 3]);
        assert_eq!(
            range(config.jitter(Jitter::Decorrelated), previous),
            [SECOND, SECOND + 5 * SECOND / 2, 6 * SECOND]
        );
    }

    #[test]
    fn decorrelated_starts_from_base_and_stays_under_the_cap() {
        let config = RetryConfig::new().jitter(Jitter::Decorrelated);
        assert_eq!(range(config, None), [SECOND, 2 * SECOND, 3 * SECOND]);
        let capped = config.max_delay(2 * SECOND);
        assert_eq!(
            range(capped, Some(2 * SECOND)),
            [SECOND, 3 * SECOND / 2, 2 * SECOND]
        );
    }

    #[test]
    fn the_cap_applies_before_jitter_is_drawn() {
        // Drawn from the uncapped 4 s and capped after, three quarters would be 2 s.
        let config = RetryConfig::new().max_delay(2 * SECOND);
        assert_eq!(config.jittered(3, None, 0.75), 3 * SECOND / 2);
    }

    #[test]
    fn many_draws_stay_in_their_range_and_fill_it() {
        let config = RetryConfig::new();
        for jitter in JITTERS {
            let config = config.jitter(jitter);
            let mut previous = None;
            // Miri takes a millisecond for each.
            for attempt in (1..=8).cycle().take(if cfg!(miri) { 80 } else { 20_000 }) {
                let d = config.delay(attempt);
                let (low, high) = match jitter {
                    Jitter::Full => (Duration::ZERO, d),
                    Jitter::Equal => (d / 2, d),
                    Jitter::Decorrelated => (
                        config.get_base_delay(),
                        (3 * previous.unwrap_or(config.get_base_delay()))
                            .min(config.get_max_delay()),
                    ),
                    Jitter::None => (d, d),
                };
                let delay = config.jittered(attempt, previous, random::draw());
                assert!((low..=high).contains(&delay), "{jitter:?}: {delay:?}");
                previous = Some(delay);
            }
        }
        let full = || config.jittered(1, None, random::draw());
        let (lower, upper) = (0..1000)
            .map(|_| full())
            .partition::<Vec<_>, _>(|d| *d < SECOND / 2);
        assert!(lower.len() > 300 && upper.len() > 300);
    }
}
