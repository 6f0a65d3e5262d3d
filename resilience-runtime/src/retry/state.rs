//! One call under retry.

use super::attempt_duration;
use super::backoff::{Backoff, sleep_blocking};
use super::config::RetryConfig;
use super::number::Attempt;
use super::progress::Progress;
use super::schedule::Schedule;
use super::success;
use crate::clock;
use crate::heard::may_be_heard;
use crate::operation::{FileLayer, InForce, Operation};
use crate::scoped_body::BodyRun;
use core::borrow::Borrow;
use core::num::NonZeroU64;
use core::time::Duration;
use tracing::Level;

/// One call under retry, for the loop that `#[retry]` emits. `C` is the configuration or a
/// reference to it, and `S` the place of the last error that was retried.
#[derive(Debug)]
pub struct Retry<C, S> {
    pub(super) config: C,
    pub(super) progress: Progress,
    /// The last error of the body that was retried. The call ends with it if a layer refuses a
    /// later attempt.
    pub(super) kept: S,
}

impl<C: Borrow<RetryConfig>, S: Default> Retry<C, S> {
    /// Begins a call. The clock is read only for `max_elapsed`, or if somebody listens to the
    /// events, because the events say how long the call took.
    #[inline]
    pub fn new(config: C) -> Self {
        let started = if is_timed(config.borrow()) {
            moment()
        } else {
            None
        };
        Self::started(config, started)
    }

    /// Begins a call and reads the clock in any case, because a hook is told how long the call
    /// took.
    #[inline]
    pub fn timed(config: C) -> Self {
        Self::started(config, moment())
    }

    /// Makes a call that [`begin`](Self::begin) begins.
    pub(super) fn unbegun(config: C) -> Self {
        Self::started(config, None)
    }

    #[inline]
    pub(super) fn started(config: C, started: Option<NonZeroU64>) -> Self {
        Self {
            config,
            progress: Progress::started(started),
            kept: S::default(),
        }
    }
}

impl<C: Borrow<RetryConfig>, S> Retry<C, S> {
    /// Begins a call and reads the clock if it is needed. `is_told` is true if a hook wants to know
    /// how long the call took.
    pub(super) fn begin(&mut self, is_told: bool) {
        if is_told || is_timed(self.config.borrow()) {
            self.progress = Progress::started(moment());
        }
    }

    /// Deposits the call into the budget, if the configuration has one.
    #[inline]
    pub fn deposit(&self, operation: &Operation) {
        if let Some(budget) = self.config.borrow().get_budget() {
            budget.deposit(operation.name());
        }
    }

    /// True if the attempt that begins now is not the first one.
    #[inline]
    pub fn is_retried(&self) -> bool {
        self.progress.retried().is_some()
    }

    /// Waits until the next attempt is due. The first one is due at once.
    ///
    /// The wait stands at the head of the loop, because the last outcome is gone there. A future
    /// would keep the outcome during a wait at the end of the loop, because the decision borrows
    /// it, and an outcome need not be `Send`.
    #[inline]
    pub fn wait(&self, operation: &Operation) -> Backoff {
        match self.progress.retried() {
            None => Backoff::NONE,
            Some(schedule) => {
                wait_before_retry(schedule.delay_in_nanos(), schedule.attempt(), operation)
            }
        }
    }

    /// Blocks the thread until the next attempt is due. It stands at the end of the loop, because
    /// a call that succeeds at once then does not ask for a wait.
    #[inline]
    pub fn wait_blocking(&self) {
        if let Some(schedule) = self.progress.retried() {
            sleep_blocking(schedule.delay_in_nanos());
        }
    }

    /// Returns the attempt that begins now, for its body.
    #[inline]
    pub fn attempt(&self) -> Attempt {
        Attempt::new(
            self.progress.attempt(),
            self.config.borrow().get_max_attempts(),
        )
    }

    /// Returns the run of the body that begins now, for the scope of a test.
    #[inline]
    pub fn body_run(&self) -> BodyRun {
        let attempt = self.attempt();
        BodyRun::new(attempt.number(), self.delay().unwrap_or_default())
    }

    /// Ends a call that succeeded. A success at the first attempt counts nothing.
    #[inline]
    pub fn succeeded(&self, operation: &Operation) {
        success::succeeded(&self.progress, operation);
    }

    /// True if another attempt may follow the one that begins now.
    #[inline]
    pub(super) fn has_attempts_left(&self) -> bool {
        self.progress.has_attempts_left(self.config.borrow())
    }

    /// Returns the delay before the next attempt, unless that is the first one.
    #[inline]
    pub(super) fn delay(&self) -> Option<Duration> {
        self.progress.retried().map(Schedule::delay)
    }
}

impl<S: Default> Retry<&'static RetryConfig, S> {
    /// Begins a call with the values of the configuration file, and deposits it into the budget
    /// that the file may give it.
    #[inline]
    pub fn in_file(
        config: &'static RetryConfig,
        file: InForce,
        layer: usize,
        operation: &Operation,
    ) -> Self {
        #[cfg(feature = "config")]
        if file.is_idle::<RetryConfig>(layer) && !is_listened_to() {
            return Self::started(file.idle_or(config, layer), None);
        }
        let (config, started) = begin_in_file(config, file, layer, operation);
        Self::started(config, started)
    }
}

/// It is out of line, because a call that nobody listens to has no budget and no limit as a rule.
#[cold]
#[inline(never)]
pub(super) fn begin_in_file(
    config: &'static RetryConfig,
    file: InForce,
    layer: usize,
    operation: &Operation,
) -> (&'static RetryConfig, Option<NonZeroU64>) {
    let retry: Retry<_, ()> = Retry::new(FileLayer::in_file(config, file, layer));
    retry.deposit(operation);
    (retry.config, retry.progress.started_at())
}

/// Reads the clock. The moment before the axis of the clock is never read.
#[cold]
#[inline(never)]
pub(super) fn moment() -> Option<NonZeroU64> {
    NonZeroU64::new(clock::now())
}

/// It is out of line, because a call that succeeds at once does not need it.
#[cold]
#[inline(never)]
fn wait_before_retry(delay: u64, attempt: u32, operation: &Operation) -> Backoff {
    if delay == 0 {
        Backoff::at_once(attempt)
    } else {
        Backoff::new(Duration::from_nanos(delay), operation.name())
    }
}

#[inline]
pub(super) fn is_timed(config: &RetryConfig) -> bool {
    is_listened_to() || config.get_max_elapsed().is_some()
}

/// True if somebody wants to know how long calls and attempts take.
#[inline]
pub(super) fn is_listened_to() -> bool {
    may_be_heard(Level::WARN) || attempt_duration::is_recorded()
}

#[cfg(test)]
mod tests {
    use super::super::strategy::Jitter;
    use super::*;

    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);

    #[test]
    fn the_state_in_the_users_future_stays_small() {
        let due_at = if cfg!(feature = "metrics") { 8 } else { 0 };
        assert!(size_of::<Retry<&RetryConfig, Option<Box<u8>>>>() <= 56 + due_at);
    }

    #[test]
    fn a_time_limit_or_a_hook_reads_the_clock() {
        let limited = CONFIG.max_elapsed(Duration::from_secs(1));
        assert!(
            Retry::<_, ()>::new(&limited)
                .progress
                .started_at()
                .is_some()
        );
        assert!(
            Retry::<_, ()>::timed(&CONFIG)
                .progress
                .started_at()
                .is_some()
        );
        let mut unbegun = Retry::<_, ()>::unbegun(limited);
        assert!(unbegun.progress.started_at().is_none());
        unbegun.begin(false);
        assert!(unbegun.progress.started_at().is_some());
    }

    #[test]
    fn the_first_attempt_is_due_at_once() {
        assert_eq!(Retry::<_, ()>::new(&CONFIG).delay(), None);
    }
}
