//! The decision on another attempt is a pure state machine. It is told the time, the server's hint
//! and a random number.

use super::config::RetryConfig;
use crate::clock::nanos;
pub(crate) use crate::events::GaveUpReason as Reason;
use core::num::{NonZeroU32, NonZeroU64};
use core::time::Duration;

/// The decision after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The call waits and tries again.
    Wait(Duration),
    /// The call ends.
    GiveUp(Reason),
}

/// The state of one call between its attempts. It lies in the user's future, so its durations are
/// nanoseconds: they take half the room, and end after 584 years.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    attempt: NonZeroU32,
    /// The last computed delay. Decorrelated jitter goes on from it. It is never zero then, because
    /// it is not shorter than the base.
    previous: Option<NonZeroU64>,
    /// The wait before the attempt.
    delay: u64,
}

impl Schedule {
    /// The state before the first attempt.
    pub(crate) const FIRST: Self = Self {
        attempt: NonZeroU32::MIN,
        previous: None,
        delay: 0,
    };

    /// The number of the attempt that runs or has just ended, from 1.
    #[inline]
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt.get()
    }

    /// The wait before the attempt.
    #[inline]
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_nanos(self.delay)
    }

    /// True if the number of attempts allows another one.
    #[inline]
    pub(crate) fn has_attempts_left(&self, config: &RetryConfig) -> bool {
        self.attempt() <= config.get_max_retries()
    }

    /// Decides on another attempt, `elapsed` after the first one began (the time only matters under
    /// `max_elapsed`). A `hint` replaces the computed delay; otherwise `random`, from `[0, 1)`,
    /// draws the jitter.
    pub(crate) fn next(
        &mut self,
        config: &RetryConfig,
        elapsed: Duration,
        hint: Option<Duration>,
        random: f64,
    ) -> Decision {
        if !self.has_attempts_left(config) {
            return Decision::GiveUp(Reason::Attempts);
        }
        let delay = if let Some(hint) = hint {
            hint.min(config.get_max_delay())
        } else {
            let previous = self.previous.map(|nanos| Duration::from_nanos(nanos.get()));
            let delay = config.jittered(self.attempt(), previous, random);
            self.previous = NonZeroU64::new(nanos(delay));
            delay
        };
        if let Some(limit) = config.get_max_elapsed() {
            if elapsed.saturating_add(delay) >= limit {
                return Decision::GiveUp(Reason::Elapsed);
            }
        }
        self.attempt = self.attempt.saturating_add(1);
        self.delay = nanos(delay);
        Decision::Wait(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::super::strategy::Jitter;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);

    fn first() -> Schedule {
        Schedule::FIRST
    }

    fn next(schedule: &mut Schedule, config: &RetryConfig, elapsed: Duration) -> Decision {
        schedule.next(config, elapsed, None, 0.0)
    }

    #[test]
    fn attempts_run_out_after_the_last_retry() {
        let mut schedule = first();
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4)] {
            assert_eq!(schedule.attempt(), attempt);
            let delay = Duration::from_secs(seconds);
            assert_eq!(
                next(&mut schedule, &CONFIG, Duration::ZERO),
                Decision::Wait(delay)
            );
            assert_eq!(schedule.delay(), delay);
        }
        assert_eq!(schedule.attempt(), 4);
        assert!(!schedule.has_attempts_left(&CONFIG));
        assert_eq!(
            next(&mut schedule, &CONFIG, Duration::ZERO),
            Decision::GiveUp(Reason::Attempts)
        );
    }

    #[test]
    fn no_retries_is_a_single_attempt() {
        let config = CONFIG.max_retries(0);
        assert_eq!(
            next(&mut first(), &config, Duration::ZERO),
            Decision::GiveUp(Reason::Attempts)
        );
    }

    #[test]
    fn max_elapsed_stops_before_the_wait_that_would_reach_it() {
        let config = CONFIG.max_elapsed(10 * SECOND);
        let after = |elapsed| next(&mut first(), &config, elapsed);
        let nearly = Duration::new(8, 999_999_999);
        assert_eq!(after(nearly), Decision::Wait(SECOND));
        assert_eq!(after(9 * SECOND), Decision::GiveUp(Reason::Elapsed));
        assert_eq!(after(Duration::MAX), Decision::GiveUp(Reason::Elapsed));
    }

    #[test]
    fn without_a_time_limit_elapsed_does_not_matter() {
        assert_eq!(
            next(&mut first(), &CONFIG, Duration::MAX),
            Decision::Wait(SECOND)
        );
    }

    #[test]
    fn exhausted_attempts_are_named_before_the_time_limit() {
        let config = CONFIG.max_retries(0).max_elapsed(SECOND);
        assert_eq!(
            next(&mut first(), &config, 2 * SECOND),
            Decision::GiveUp(Reason::Attempts)
        );
    }

    #[test]
    fn a_hint_replaces_the_delay_without_jitter_and_under_the_cap() {
        let config = RetryConfig::new().max_delay(30 * SECOND);
        let hinted = |hint| first().next(&config, Duration::ZERO, Some(hint), 0.25);
        assert_eq!(hinted(7 * SECOND), Decision::Wait(7 * SECOND));
        assert_eq!(hinted(Duration::ZERO), Decision::Wait(Duration::ZERO));
        assert_eq!(hinted(Duration::MAX), Decision::Wait(30 * SECOND));
    }

    #[test]
    fn a_hint_is_held_to_max_elapsed() {
        let config = CONFIG.max_elapsed(10 * SECOND);
        assert_eq!(
            first().next(&config, Duration::ZERO, Some(10 * SECOND), 0.0),
            Decision::GiveUp(Reason::Elapsed)
        );
    }

    #[test]
    fn decorrelated_delays_grow_from_the_last_computed_one() {
        let config = RetryConfig::new()
            .jitter(Jitter::Decorrelated)
            .max_retries(9);
        let mut schedule = first();
        let mut step = |hint| schedule.next(&config, Duration::ZERO, hint, 0.5);
        assert_eq!(step(None), Decision::Wait(2 * SECOND));
        // A hint says nothing about our own pace.
        assert_eq!(step(Some(50 * SECOND)), Decision::Wait(50 * SECOND));
        assert_eq!(step(None), Decision::Wait(SECOND * 7 / 2));
    }

    #[test]
    fn it_is_small_because_it_lies_in_futures() {
        assert_eq!(size_of::<Option<Schedule>>(), 24);
    }

    #[test]
    fn the_longest_delay_ends_after_584_years() {
        let config = CONFIG.base_delay(Duration::MAX);
        let mut schedule = first();
        assert_eq!(
            next(&mut schedule, &config, Duration::ZERO),
            Decision::Wait(Duration::MAX)
        );
        assert_eq!(schedule.delay(), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn the_attempt_counter_saturates() {
        let config = CONFIG.max_retries(u32::MAX);
        let mut schedule = Schedule {
            attempt: NonZeroU32::MAX,
            ..Schedule::FIRST
        };
        assert_eq!(
            next(&mut schedule, &config, Duration::ZERO),
            Decision::Wait(60 * SECOND)
        );
        assert_eq!(schedule.attempt(), u32::MAX);
    }
}
