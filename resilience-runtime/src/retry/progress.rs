//! The progress of one call under retry.

use core::num::NonZeroU64;
use core::time::Duration;

use super::attempt_duration::{self, DueAt};
use super::config::RetryConfig;
use super::schedule::Schedule;
use crate::operation::Operation;

/// The state of a call between its attempts. It lies in the user's future.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) started: Started,
    /// `None` before the first retry, because a call that succeeds at once then has nothing more to
    /// write.
    schedule: Option<Schedule>,
}

/// The moment on the clock at which a call began, [`UNTIMED`](Self::UNTIMED) if nobody wants to
/// know how long the call takes, or [`RETRIED`](Self::RETRIED) if there was a retry since then. So
/// a call that succeeds at once has one word to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started(u64);

impl Started {
    const UNTIMED: Self = Self(0);
    const RETRIED: Self = Self(u64::MAX);

    /// True if the success of the call is to be counted or recorded.
    #[inline]
    pub(super) fn is_success_noted(self) -> bool {
        self.0 != Self::UNTIMED.0
    }
}

impl Progress {
    /// A call that begins at that moment of the clock, or one that did not read the clock. Neither
    /// end of the clock's axis is ever read.
    #[inline]
    pub(super) fn started(at: Option<NonZeroU64>) -> Self {
        Self::new(at.map_or(Started::UNTIMED, |at| Started(at.get())), None)
    }

    /// A call that was retried if there is a schedule.
    #[inline]
    pub(super) fn new(started: Started, schedule: Option<Schedule>) -> Self {
        Self { started, schedule }
    }

    /// The moment at which the call began, or `None` if the clock was not read.
    #[inline]
    pub(super) fn started_at(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.started.0).filter(|at| at.get() != Started::RETRIED.0)
    }

    /// The schedule, or `None` before the first retry.
    #[inline]
    pub(super) fn retried(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// The number of the attempt that runs or has just ended, from 1.
    #[inline]
    pub(super) fn attempt(&self) -> u32 {
        self.retried().map_or(1, Schedule::attempt)
    }

    /// True if the number of attempts allows another one.
    #[inline]
    pub(super) fn has_attempts_left(&self, config: &RetryConfig) -> bool {
        self.attempt() <= config.get_max_retries()
    }

    /// The schedule, to decide on the next attempt.
    #[inline]
    pub(super) fn schedule_mut(&mut self) -> &mut Schedule {
        self.schedule.get_or_insert(Schedule::FIRST)
    }

    /// Notes that the schedule has decided on another attempt, after a wait of `delay`. The attempt
    /// before it ended `elapsed` after the start, if the clock was read.
    #[inline]
    pub(super) fn note_retry(&mut self, elapsed: Option<Duration>, delay: Duration) {
        if let Some(started) = self.started_at() {
            self.note_times(started, elapsed.unwrap_or_default(), delay);
        } else {
            self.started = Started::RETRIED;
        }
    }

    // It is out of line, because few calls read the clock, and the decision on each failure
    // contains it (three attempts without delay took 30 more instructions).
    #[cold]
    #[inline(never)]
    fn note_times(&mut self, started: NonZeroU64, elapsed: Duration, delay: Duration) {
        let due_at = DueAt::after(started, elapsed, delay);
        self.schedule_mut().set_due_at(due_at, delay);
    }

    /// Records the duration of the attempt that has ended, if durations are recorded.
    #[inline]
    pub(super) fn record_attempt(&self, operation: &Operation, is_success: bool) {
        if attempt_duration::is_recorded() {
            let due_at = self.retried().map(Schedule::due_at);
            attempt_duration::record_attempt(self.started_at(), due_at, operation, is_success);
        }
    }

    /// Records the waits of a call that has ended, if durations are recorded. A call that did not
    /// read the clock notes no waits.
    // It is out of line, because the decision on each failure contains it.
    #[cold]
    #[inline(never)]
    pub(super) fn record_waits(&self, operation: &Operation) {
        if attempt_duration::is_recorded() {
            if let Some(schedule) = self.retried() {
                schedule.waits().record(operation);
            }
        }
    }

    /// True if the success of the call is to be counted or recorded.
    #[inline]
    pub(super) fn is_success_noted(&self) -> bool {
        self.started.is_success_noted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_a_clock_has_no_moment_before_and_after_a_retry() {
        let mut progress = Progress::started(None);
        assert!(!progress.is_success_noted() && progress.retried().is_none());
        progress.schedule_mut();
        progress.note_retry(None, Duration::ZERO);
        assert_eq!(progress.started_at(), None);
        assert!(progress.is_success_noted() && progress.retried().is_some());
    }

    #[test]
    fn a_retry_does_not_change_the_moment_of_the_start() {
        let at = NonZeroU64::new(7);
        let mut progress = Progress::started(at);
        progress.schedule_mut();
        progress.note_retry(Some(Duration::ZERO), Duration::ZERO);
        assert_eq!(progress.started_at(), at);
        assert!(progress.is_success_noted());
    }
}
