//! Whether to call again: a pure state machine. It is told the time, the server's hint and a random number, and answers.

use super::config::RetryConfig;
use core::fmt;
use core::time::Duration;

/// What happens after an attempt whose outcome asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Wait(Duration),
    Stop(Stop),
}

/// Why there is no other attempt. Reads as the end of "giving up: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Attempts,
    Elapsed,
    Deadline,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempts => "no attempts left",
            Self::Elapsed => "the next delay would reach max_elapsed",
            Self::Deadline => "the next delay would outlast the deadline",
        })
    }
}

/// The state of one call: which attempt runs, and the last computed delay, from which decorrelated jitter goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    attempt: u32,
    previous: Option<Duration>,
}

impl Schedule {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self {
            attempt: 1,
            previous: None,
        }
    }

    /// The number of the attempt that runs or just ended, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the number of attempts allows another.
    pub(crate) fn has_attempts_left(&self, config: &RetryConfig) -> bool {
        self.attempt <= config.get_max_retries()
    }

    /// Decides on another attempt, `elapsed` after the first began (it only matters under `max_elapsed`). A `hint`
    /// replaces the computed delay; otherwise `random`, from `[0, 1)`, draws the jitter.
    pub(crate) fn next(
        &mut self,
        config: &RetryConfig,
        elapsed: Duration,
        hint: Option<Duration>,
        random: f64,
    ) -> Decision {
        if !self.has_attempts_left(config) {
            return Decision::Stop(Stop::Attempts);
        }
        let delay = if let Some(hint) = hint {
            hint.min(config.get_max_delay())
        } else {
            let delay = config.jittered(self.attempt, self.previous, random);
            self.previous = Some(delay);
            delay
        };
        if let Some(limit) = config.get_max_elapsed() {
            if elapsed.saturating_add(delay) >= limit {
                return Decision::Stop(Stop::Elapsed);
            }
        }
        self.attempt = self.attempt.saturating_add(1);
        Decision::Wait(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::super::delay::Jitter;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);

    fn next(schedule: &mut Schedule, config: &RetryConfig, elapsed: Duration) -> Decision {
        schedule.next(config, elapsed, None, 0.0)
    }

    #[test]
    fn attempts_run_out_after_the_last_retry() {
        let mut schedule = Schedule::new();
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4)] {
            assert_eq!(schedule.attempt(), attempt);
            assert_eq!(
                next(&mut schedule, &CONFIG, Duration::ZERO),
                Decision::Wait(Duration::from_secs(seconds))
            );
        }
        assert_eq!(schedule.attempt(), 4);
        assert!(!schedule.has_attempts_left(&CONFIG));
        assert_eq!(
            next(&mut schedule, &CONFIG, Duration::ZERO),
            Decision::Stop(Stop::Attempts)
        );
    }

    #[test]
    fn no_retries_is_a_single_attempt() {
        let config = CONFIG.max_retries(0);
        assert_eq!(
            next(&mut Schedule::new(), &config, Duration::ZERO),
            Decision::Stop(Stop::Attempts)
        );
    }

    #[test]
    fn max_elapsed_stops_before_the_wait_that_would_reach_it() {
        let config = CONFIG.max_elapsed(10 * SECOND);
        let after = |elapsed| next(&mut Schedule::new(), &config, elapsed);
        let nearly = Duration::new(8, 999_999_999);
        assert_eq!(after(nearly), Decision::Wait(SECOND));
        assert_eq!(after(9 * SECOND), Decision::Stop(Stop::Elapsed));
        assert_eq!(after(Duration::MAX), Decision::Stop(Stop::Elapsed));
    }

    #[test]
    fn without_a_time_limit_elapsed_does_not_matter() {
        assert_eq!(
            next(&mut Schedule::new(), &CONFIG, Duration::MAX),
            Decision::Wait(SECOND)
        );
    }

    #[test]
    fn exhausted_attempts_are_named_before_the_time_limit() {
        let config = CONFIG.max_retries(0).max_elapsed(SECOND);
        assert_eq!(
            next(&mut Schedule::new(), &config, 2 * SECOND),
            Decision::Stop(Stop::Attempts)
        );
    }

    #[test]
    fn a_hint_replaces_the_delay_without_jitter_and_under_the_cap() {
        let config = RetryConfig::new().max_delay(30 * SECOND);
        let hinted = |hint| Schedule::new().next(&config, Duration::ZERO, Some(hint), 0.25);
        assert_eq!(hinted(7 * SECOND), Decision::Wait(7 * SECOND));
        assert_eq!(hinted(Duration::ZERO), Decision::Wait(Duration::ZERO));
        assert_eq!(hinted(Duration::MAX), Decision::Wait(30 * SECOND));
    }

    #[test]
    fn a_hint_is_held_to_max_elapsed() {
        let config = CONFIG.max_elapsed(10 * SECOND);
        assert_eq!(
            Schedule::new().next(&config, Duration::ZERO, Some(10 * SECOND), 0.0),
            Decision::Stop(Stop::Elapsed)
        );
    }

    #[test]
    fn decorrelated_delays_grow_from_the_last_computed_one() {
        let config = RetryConfig::new()
            .jitter(Jitter::Decorrelated)
            .max_retries(9);
        let mut schedule = Schedule::new();
        let mut step = |hint| schedule.next(&config, Duration::ZERO, hint, 0.5);
        assert_eq!(step(None), Decision::Wait(2 * SECOND));
        // A hint says nothing about our own pace.
        assert_eq!(step(Some(50 * SECOND)), Decision::Wait(50 * SECOND));
        assert_eq!(step(None), Decision::Wait(SECOND * 7 / 2));
    }

    #[test]
    fn the_attempt_counter_saturates() {
        let config = CONFIG.max_retries(u32::MAX);
        let mut schedule = Schedule {
            attempt: u32::MAX,
            previous: None,
        };
        assert_eq!(
            next(&mut schedule, &config, Duration::ZERO),
            Decision::Wait(60 * SECOND)
        );
        assert_eq!(schedule.attempt(), u32::MAX);
    }
}
