//! The decision on another attempt is a pure state machine. It is told the time, the server's hint
//! and a random number.

use super::attempt_duration::{DueAt, Waits};
use super::config::RetryConfig;
use super::hint::RetryHint;
use crate::clock::nanos;
use crate::events::GaveUpReason;
use core::num::{NonZeroU32, NonZeroU64};
use core::time::Duration;

/// The longest extra wait after a hint, as a share of it. Clients that were told the same time then
/// do not return together, and none returns early.
const HINT_JITTER: f64 = 0.1;

/// The decision after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The call waits and tries again.
    Wait(Duration),
    /// The call ends.
    GiveUp(GaveUpReason),
}

/// The state of one call between its attempts. It lies in the user's future, so its durations are
/// nanoseconds: they take half the room, and end after 584 years.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    attempt: NonZeroU32,
    waits: Waits,
    /// The last computed delay. Decorrelated jitter goes on from it. It is never zero then, because
    /// it is not shorter than the base.
    previous: Option<NonZeroU64>,
    /// The wait before the attempt.
    delay: u64,
    due_at: DueAt,
}

impl Schedule {
    /// The state before the first attempt.
    pub(crate) const FIRST: Self = Self {
        attempt: NonZeroU32::MIN,
        waits: Waits::NONE,
        previous: None,
        delay: 0,
        due_at: DueAt::FIRST,
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

    /// Does the same as [`delay`](Self::delay) as a number.
    #[inline]
    pub(super) fn delay_in_nanos(&self) -> u64 {
        self.delay
    }

    /// The moment at which the attempt was due.
    #[inline]
    pub(super) fn due_at(&self) -> DueAt {
        self.due_at
    }

    /// The waits of the call so far, if the clock was read.
    #[inline]
    pub(super) fn waits(&self) -> Waits {
        self.waits
    }

    /// Notes the moment at which the next attempt is due, after a wait of `delay`.
    pub(super) fn set_due_at(&mut self, due_at: DueAt, delay: Duration) {
        self.due_at = due_at;
        self.waits = self.waits.and(delay);
    }

    /// True if the number of attempts allows another one.
    #[inline]
    pub(crate) fn has_attempts_left(&self, config: &RetryConfig) -> bool {
        self.attempt() <= config.get_max_retries()
    }

    /// Decides on another attempt, `elapsed` after the first one began. `outlasts_deadline` is true
    /// for a wait that would reach the deadline. A hint replaces the computed delay; `random`, from
    /// `[0, 1)`, draws the jitter.
    #[expect(
        clippy::inline_always,
        reason = "`Review::next` knows more of the arguments, and the compiler does not inline it by itself"
    )]
    #[inline(always)]
    pub(crate) fn next(
        &mut self,
        config: &RetryConfig,
        elapsed: Duration,
        outlasts_deadline: impl Fn(Duration) -> bool,
        hint: RetryHint,
        random: f64,
    ) -> Decision {
        if !self.has_attempts_left(config) {
            return Decision::GiveUp(GaveUpReason::Attempts);
        }
        let reaches_max_elapsed = |delay: Duration| {
            config
                .get_max_elapsed()
                .is_some_and(|limit| elapsed.saturating_add(delay) >= limit)
        };
        let delay = match hint {
            RetryHint::Never => return Decision::GiveUp(GaveUpReason::Hint),
            RetryHint::After(asked) => {
                let is_too_long = |delay| reaches_max_elapsed(delay) || outlasts_deadline(delay);
                if asked > config.get_max_delay() || is_too_long(asked) {
                    return Decision::GiveUp(GaveUpReason::Hint);
                }
                with_jitter(asked, random, &is_too_long)
            }
            RetryHint::Unknown => {
                let previous = self.previous.map(|nanos| Duration::from_nanos(nanos.get()));
                let delay = config.jittered(self.attempt(), previous, random);
                if reaches_max_elapsed(delay) {
                    return Decision::GiveUp(GaveUpReason::Elapsed);
                }
                if outlasts_deadline(delay) {
                    return Decision::GiveUp(GaveUpReason::Deadline);
                }
                delay
            }
        };
        self.attempt = self.attempt.saturating_add(1);
        self.delay = nanos(delay);
        if hint == RetryHint::Unknown {
            self.previous = NonZeroU64::new(self.delay);
        }
        Decision::Wait(delay)
    }
}

/// The wait after a hint: as long as asked, and up to a tenth longer.
#[cold]
fn with_jitter(asked: Duration, random: f64, is_too_long: &dyn Fn(Duration) -> bool) -> Duration {
    let extra = asked.mul_f64(HINT_JITTER * random);
    if is_too_long(asked.saturating_add(extra)) {
        with_part_of(extra, asked, is_too_long)
    } else {
        asked.saturating_add(extra)
    }
}

/// A timer may end so much later than it was asked to.
const TIMER_TICK: Duration = Duration::from_millis(1);

/// Adds the half of the extra wait, or the quarter and so on, that fits before the limit. Clients
/// that have the same limit and were told the same time would all come at once without it.
fn with_part_of(
    extra: Duration,
    asked: Duration,
    is_too_long: &dyn Fn(Duration) -> bool,
) -> Duration {
    let mut waits = (1..8).map(|halvings| asked.saturating_add(extra / (1 << halvings)));
    let fits = |wait: &Duration| !is_too_long(wait.saturating_add(TIMER_TICK));
    waits.find(fits).unwrap_or(asked)
}

#[cfg(test)]
mod tests {
    use super::super::strategy::Jitter;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);
    const NEVER_LATE: fn(Duration) -> bool = |_| false;

    fn first() -> Schedule {
        Schedule::FIRST
    }

    fn next(schedule: &mut Schedule, config: &RetryConfig, elapsed: Duration) -> Decision {
        schedule.next(config, elapsed, NEVER_LATE, RetryHint::Unknown, 0.0)
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
            Decision::GiveUp(GaveUpReason::Attempts)
        );
    }

    #[test]
    fn no_retries_is_a_single_attempt() {
        let config = CONFIG.max_retries(0);
        assert_eq!(
            next(&mut first(), &config, Duration::ZERO),
            Decision::GiveUp(GaveUpReason::Attempts)
        );
    }

    #[test]
    fn max_elapsed_stops_before_the_wait_that_would_reach_it() {
        let config = CONFIG.max_elapsed(10 * SECOND);
        let after = |elapsed| next(&mut first(), &config, elapsed);
        let nearly = Duration::new(8, 999_999_999);
        assert_eq!(after(nearly), Decision::Wait(SECOND));
        assert_eq!(after(9 * SECOND), Decision::GiveUp(GaveUpReason::Elapsed));
        assert_eq!(
            after(Duration::MAX),
            Decision::GiveUp(GaveUpReason::Elapsed)
        );
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
            Decision::GiveUp(GaveUpReason::Attempts)
        );
    }

    fn hinted(
        config: &RetryConfig,
        outlasts_deadline: impl Fn(Duration) -> bool,
        hint: impl Into<RetryHint>,
        random: f64,
    ) -> Decision {
        first().next(
            config,
            Duration::ZERO,
            outlasts_deadline,
            hint.into(),
            random,
        )
    }

    #[test]
    fn a_hint_replaces_the_delay_and_is_exceeded_by_a_tenth_at_most() {
        let config = RetryConfig::new().max_delay(30 * SECOND);
        for (asked, random, waited) in [
            (7_000, 0.0, 7_000),
            (7_000, 0.5, 7_350),
            (30_000, 0.5, 31_500),
            (0, 0.9, 0),
        ] {
            let asked = Duration::from_millis(asked);
            let waited = Duration::from_millis(waited);
            assert_eq!(
                hinted(&config, NEVER_LATE, asked, random),
                Decision::Wait(waited)
            );
        }
    }

    #[test]
    fn a_hint_that_cannot_be_kept_ends_the_retries() {
        const ENDS: Decision = Decision::GiveUp(GaveUpReason::Hint);
        let config = CONFIG.max_delay(30 * SECOND).max_elapsed(10 * SECOND);
        assert_eq!(hinted(&CONFIG, NEVER_LATE, RetryHint::Never, 0.0), ENDS);
        assert_eq!(
            hinted(&config, NEVER_LATE, 10 * SECOND, 0.0),
            ENDS,
            "max_elapsed"
        );
        assert_eq!(
            hinted(&CONFIG, NEVER_LATE, 61 * SECOND, 0.0),
            ENDS,
            "max_delay"
        );
        assert_eq!(
            hinted(&CONFIG, NEVER_LATE, Duration::MAX, 0.9),
            ENDS,
            "centuries"
        );
        let is_late = |delay| delay >= 5 * SECOND;
        assert_eq!(
            hinted(&CONFIG, is_late, 5 * SECOND, 0.0),
            ENDS,
            "the deadline"
        );
    }

    #[test]
    fn the_extra_wait_after_a_hint_reaches_neither_max_elapsed_nor_the_deadline() {
        let config = CONFIG.max_elapsed(10 * SECOND);
        let nine = Decision::Wait(9 * SECOND);
        assert_eq!(
            hinted(&config, NEVER_LATE, 9 * SECOND, 0.999),
            Decision::Wait(Duration::from_micros(9_899_100))
        );
        assert_eq!(
            hinted(&config, |delay| delay > 9 * SECOND, 9 * SECOND, 0.999),
            nine
        );
        let config = CONFIG.max_elapsed(Duration::from_nanos(9_000_000_001));
        assert_eq!(hinted(&config, NEVER_LATE, 9 * SECOND, 0.999), nine);
    }

    #[test]
    fn clients_with_one_deadline_came_at_the_same_time_after_a_hint() {
        let deadline = Duration::from_millis(9_500);
        let is_late = |delay| delay >= deadline;
        let waits: Vec<_> = (1..=20)
            .map(
                |client| match hinted(&CONFIG, is_late, 9 * SECOND, f64::from(client) / 21.0) {
                    Decision::Wait(wait) => wait,
                    decision @ Decision::GiveUp(_) => panic!("{decision:?}"),
                },
            )
            .collect();
        assert!(
            waits
                .iter()
                .all(|wait| *wait >= 9 * SECOND && *wait < deadline),
            "{waits:?}"
        );
        let mut different = waits.clone();
        different.sort();
        different.dedup();
        assert!(different.len() >= 15, "{waits:?}");
    }

    #[test]
    fn a_computed_delay_does_not_reach_the_deadline() {
        let at = |deadline: Duration| {
            first().next(
                &CONFIG,
                Duration::ZERO,
                |delay| delay >= deadline,
                RetryHint::Unknown,
                0.0,
            )
        };
        assert_eq!(at(SECOND), Decision::GiveUp(GaveUpReason::Deadline));
        assert_eq!(at(2 * SECOND), Decision::Wait(SECOND));
    }

    #[test]
    fn decorrelated_delays_grow_from_the_last_computed_one() {
        let config = RetryConfig::new()
            .jitter(Jitter::Decorrelated)
            .max_retries(9);
        let mut schedule = first();
        let mut step = |hint: Option<Duration>| {
            schedule.next(&config, Duration::ZERO, NEVER_LATE, hint.into(), 0.5)
        };
        assert_eq!(step(None), Decision::Wait(2 * SECOND));
        // A hint says nothing about our own pace. Half of the extra tenth is drawn.
        let hinted = Duration::from_millis(52_500);
        assert_eq!(step(Some(50 * SECOND)), Decision::Wait(hinted));
        assert_eq!(step(None), Decision::Wait(SECOND * 7 / 2));
    }

    #[test]
    fn it_is_small_because_it_lies_in_futures() {
        let due_at = if cfg!(feature = "metrics") { 8 } else { 0 };
        assert_eq!(size_of::<Option<Schedule>>(), 24 + due_at);
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
