//! How far a call has come, and the clock and the dice that its decisions need.

use super::attempt::Attempt;
use super::backoff::{Backoff, backoff_blocking};
use super::config::RetryConfig;
use super::dice;
use super::schedule::{Decision, Schedule, Stop};
use crate::clock::StartTime;
use core::convert::Infallible;
use core::time::Duration;
use tracing::Level;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

/// One call under retry, for the loop that `#[retry]` emits.
#[derive(Debug)]
pub struct Retry<'c> {
    config: &'c RetryConfig,
    progress: Progress,
}

impl<'c> Retry<'c> {
    /// Begins a call. The clock is read only for `max_elapsed`, or when somebody listens to the events, which say how
    /// long it took.
    #[inline]
    pub fn new(config: &'c RetryConfig) -> Self {
        Self {
            config,
            progress: Progress::new(config),
        }
    }

    /// Begins a call and reads the clock in any case: a hook wants to know.
    #[inline]
    pub fn timed(config: &'c RetryConfig) -> Self {
        Self {
            config,
            progress: Progress::started(Some(StartTime::now())),
        }
    }

    /// Waits until the next attempt is due; the first one is at once.
    ///
    /// At the head of the loop, where the last outcome is gone: a future would keep it during the wait, because it was
    /// borrowed by the verdict, and it need not be `Send`.
    #[inline]
    pub fn wait(&self) -> Backoff {
        self.progress.wait()
    }

    /// [`wait`](Self::wait), blocking the thread.
    #[inline]
    pub fn wait_blocking(&self) {
        backoff_blocking(self.delay());
    }

    #[inline]
    pub(super) fn delay(&self) -> Option<Duration> {
        self.progress.delay()
    }

    pub(super) fn has_attempts_left(&self) -> bool {
        self.progress.has_attempts_left(self.config)
    }

    /// Judges an attempt that has ended.
    #[inline]
    pub fn after<T, E>(&mut self, outcome: Result<T, E>) -> Attempt<'_, 'c, T, E> {
        Attempt::new(self.config, &mut self.progress, outcome)
    }

    /// Judges an attempt that has failed, whatever the type of its success.
    ///
    /// The error is not taken out by the expansion: were it of a type that has no values, rustc would call what it does
    /// with it unreachable, and say so to the user.
    ///
    /// # Panics
    ///
    /// If the attempt has succeeded.
    #[inline]
    pub fn failed<T, E>(&mut self, outcome: Result<T, E>) -> Attempt<'_, 'c, Infallible, E> {
        match outcome {
            Err(error) => self.after(Err(error)),
            Ok(_) => unreachable!("a success has left"),
        }
    }

    /// [`failed`](Self::failed), with a wait in view that blocks the thread.
    #[inline]
    pub fn failed_blocking<T, E>(
        &mut self,
        outcome: Result<T, E>,
    ) -> Attempt<'_, 'c, Infallible, E> {
        self.failed(outcome).within_deadline()
    }

    /// [`after`](Self::after), with a wait in view that blocks the thread.
    #[inline]
    pub fn after_blocking<T, E>(&mut self, outcome: Result<T, E>) -> Attempt<'_, 'c, T, E> {
        self.after(outcome).within_deadline()
    }
}

/// The part of a call's state that is not its configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    started: Option<StartTime>,
    /// None before the first retry: a call that needs none has but that to write.
    repeat: Option<Repeat>,
}

/// An attempt that is not the first.
#[derive(Clone, Copy, Debug)]
struct Repeat {
    schedule: Schedule,
    /// Before it.
    delay: Duration,
}

/// A decision, with what there is to say about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    pub(crate) decision: Decision,
    /// The attempt that just ended.
    pub(crate) attempt: u32,
    /// Since the call began, if the clock was read then.
    pub(crate) elapsed: Option<Duration>,
}

impl Progress {
    #[inline]
    pub(crate) fn new(config: &RetryConfig) -> Self {
        let listened_to = Level::WARN <= STATIC_MAX_LEVEL && Level::WARN <= LevelFilter::current();
        let timed = listened_to || config.get_max_elapsed().is_some();
        Self::started(timed.then(StartTime::now))
    }

    #[inline]
    fn started(started: Option<StartTime>) -> Self {
        Self {
            started,
            repeat: None,
        }
    }

    /// How long to wait before the next attempt, unless it is the first.
    #[inline]
    pub(super) fn delay(&self) -> Option<Duration> {
        self.repeat.map(|repeat| repeat.delay)
    }

    /// Waits before the next attempt, unless it is the first.
    #[inline]
    pub(super) fn wait(&self) -> Backoff {
        let attempt = self.repeat.map_or(1, |repeat| repeat.schedule.attempt());
        Backoff::new(self.delay(), attempt)
    }

    fn schedule(&self) -> Schedule {
        self.repeat
            .map_or(const { Schedule::new() }, |repeat| repeat.schedule)
    }

    pub(crate) fn has_attempts_left(&self, config: &RetryConfig) -> bool {
        self.schedule().has_attempts_left(config)
    }

    /// Decides on another attempt; `outlasts` says whether a delay would end too late for the caller.
    #[cold]
    pub(crate) fn rule(
        &mut self,
        config: &RetryConfig,
        hint: Option<Duration>,
        outlasts: fn(Duration) -> bool,
    ) -> Ruling {
        let mut schedule = self.schedule();
        let attempt = schedule.attempt();
        let elapsed = self.started.map(StartTime::elapsed);
        let drawn = hint.is_none() && config.is_random() && schedule.has_attempts_left(config);
        let random = if drawn { dice::throw() } else { 0.0 };
        let decision = match schedule.next(config, elapsed.unwrap_or_default(), hint, random) {
            Decision::Wait(delay) if outlasts(delay) => Decision::Stop(Stop::Deadline),
            Decision::Wait(delay) => {
                self.repeat = Some(Repeat { schedule, delay });
                Decision::Wait(delay)
            }
            stop @ Decision::Stop(_) => stop,
        };
        Ruling {
            decision,
            attempt,
            elapsed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::delay::Jitter;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);

    fn never(_: Duration) -> bool {
        false
    }

    #[test]
    fn the_state_in_the_users_future_stays_small() {
        fn sendable<T: Send>() -> usize {
            size_of::<T>()
        }
        assert!(sendable::<Retry<'_>>() <= 64);
    }

    #[test]
    fn a_time_limit_or_a_hook_reads_the_clock() {
        let limited = CONFIG.max_elapsed(SECOND);
        assert!(Retry::new(&limited).progress.started.is_some());
        assert!(Retry::timed(&CONFIG).progress.started.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn elapsed_counts_from_the_beginning_of_the_call() {
        let config = CONFIG.max_elapsed(3 * SECOND);
        let mut progress = Progress::new(&config);
        tokio::time::advance(SECOND).await;
        let first = progress.rule(&config, None, never);
        assert_eq!(first.elapsed, Some(SECOND));
        assert_eq!(first.decision, Decision::Wait(SECOND));
        tokio::time::advance(SECOND).await;
        let second = progress.rule(&config, None, never);
        assert_eq!((first.attempt, second.attempt), (1, 2));
        assert_eq!(second.decision, Decision::Stop(Stop::Elapsed));
    }

    #[test]
    fn a_wait_past_the_callers_deadline_is_not_begun() {
        let outlasts = |delay| delay > SECOND;
        let mut progress = Progress::started(None);
        let first = progress.rule(&CONFIG, None, outlasts);
        assert_eq!(first.decision, Decision::Wait(SECOND));
        let second = progress.rule(&CONFIG, None, outlasts);
        assert_eq!(second.decision, Decision::Stop(Stop::Deadline));
    }

    #[test]
    fn the_deadline_is_asked_only_when_a_retry_is_due() {
        let ruling = Progress::started(None).rule(&CONFIG.max_retries(0), None, |_| {
            unreachable!("there is no delay to ask about")
        });
        assert_eq!(ruling.decision, Decision::Stop(Stop::Attempts));
    }

    #[test]
    fn jitter_is_drawn_anew_for_each_delay() {
        let config = CONFIG.jitter(Jitter::Full);
        let draw = || Progress::started(None).rule(&config, None, never).decision;
        let first = draw();
        assert!((0..100).any(|_| draw() != first));
    }
}
