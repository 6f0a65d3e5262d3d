//! The verdict on one attempt: the caller's filters, then the decision.

use super::config::RetryConfig;
use super::event::RetryEvent;
use super::log::Report;
use super::progress::{Progress, Ruling};
use super::schedule::Decision;
use crate::show::Shown;
use core::convert::Infallible;
use core::time::Duration;

/// An attempt that has ended. Filters narrow down whether another is wanted; [`next`](Self::next) decides.
#[derive(Debug)]
#[must_use = "an attempt decides nothing until `next` is called"]
pub struct Attempt<'a, 'c, T, E> {
    // Owned, and taken apart to be shown to anybody: an outcome that is itself borrowed lies in memory, from where a
    // success would be copied to be returned.
    outcome: Result<T, E>,
    case: Case<'a, 'c>,
}

/// What the decision depends on beside the outcome, whatever its type.
#[derive(Debug)]
struct Case<'a, 'c> {
    config: &'c RetryConfig,
    progress: &'a mut Progress,
    hint: Option<Duration>,
    wanted: bool,
    within_deadline: bool,
}

impl<'a, 'c, T, E> Attempt<'a, 'c, T, E> {
    /// Every error is retried and no value, until a filter says otherwise.
    #[inline]
    pub(crate) fn new(
        config: &'c RetryConfig,
        progress: &'a mut Progress,
        outcome: Result<T, E>,
    ) -> Self {
        let wanted = outcome.is_err();
        Self {
            outcome,
            case: Case {
                config,
                progress,
                hint: None,
                wanted,
                within_deadline: false,
            },
        }
    }

    /// Retries an error only if `f` accepts it. Several filters must all agree; one that cannot change the verdict any
    /// more is not asked.
    #[inline]
    pub fn retry_if(mut self, f: impl FnOnce(&E) -> bool) -> Self {
        match self.outcome {
            Err(error) => {
                self.case.wanted = self.case.wanted && f(&error);
                Self {
                    outcome: Err(error),
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// Never retries an error that `f` accepts.
    #[inline]
    pub fn abort_if(self, f: impl FnOnce(&E) -> bool) -> Self {
        self.retry_if(|error| !f(error))
    }

    /// Retries a value only if `f` accepts it.
    #[inline]
    pub fn retry_if_ok(mut self, f: impl FnOnce(&T) -> bool) -> Self {
        match self.outcome {
            Ok(value) => {
                self.case.wanted = f(&value);
                Self {
                    outcome: Ok(value),
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// Does not retry what is an open circuit's refusal. Belongs behind the filters.
    #[inline]
    pub fn unless_refused(mut self, refused: bool) -> Self {
        self.case.wanted &= !refused;
        self
    }

    /// Lets the error say how long to wait. Asked only if a retry is still possible, so it belongs behind the filters.
    #[inline]
    pub fn delay_hint(mut self, f: impl FnOnce(&E) -> Option<Duration>) -> Self {
        match self.outcome {
            Err(error)
                if self.case.wanted && self.case.progress.has_attempts_left(self.case.config) =>
            {
                self.case.hint = f(&error);
                Self {
                    outcome: Err(error),
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// Stops if the wait would outlast the deadline of a sync `#[timeout]` around it.
    #[inline]
    pub(crate) fn within_deadline(mut self) -> Self {
        self.case.within_deadline = true;
        self
    }

    /// Decides, and logs it. `None`: another attempt is due, after a wait, [`Retry::wait`](super::Retry::wait) or the
    /// driver's own. `Some`: the outcome as it was, which is the call's.
    #[inline]
    pub fn next(self, operation: &'static str, show: fn(&E) -> Shown<'_>) -> Option<Result<T, E>> {
        self.next_telling(operation, show, |_| {})
    }

    /// [`next`](Self::next), with a hook for the retries.
    #[inline]
    pub fn next_telling(
        self,
        operation: &'static str,
        show: fn(&E) -> Shown<'_>,
        on_retry: impl FnOnce(&RetryEvent<'_, T, E>),
    ) -> Option<Result<T, E>> {
        // Taken apart side by side, so that a success leaves as its value alone; and what is borrowed from here on is a
        // value of its own.
        let outcome = match self.outcome {
            Ok(value) if !self.case.wanted => return Some(Ok(value)),
            Err(error) if !self.case.wanted => return Some(Err(error)),
            Ok(value) => Ok(value),
            Err(error) => Err(error),
        };
        let seen = outcome.as_ref();
        let Some(Again {
            attempt,
            delay,
            elapsed,
        }) = self.case.due(operation, seen.err(), show)
        else {
            return Some(outcome);
        };
        on_retry(&RetryEvent {
            attempt,
            delay,
            elapsed,
            outcome: seen,
        });
        None
    }
}

impl<E> Attempt<'_, '_, Infallible, E> {
    /// [`next`](Self::next) for what can only be an error: most of it is compiled once for all functions of an error's type.
    #[inline]
    pub fn last<T>(
        self,
        operation: &'static str,
        show: fn(&E) -> Shown<'_>,
    ) -> Option<Result<T, E>> {
        let Err(error) = self.outcome;
        self.case
            .ends(operation, &error, show)
            .then_some(Err(error))
    }
}

/// Another attempt that is due.
struct Again {
    /// The attempt that just ended.
    attempt: u32,
    delay: Duration,
    elapsed: Duration,
}

impl Case<'_, '_> {
    // Out of line: it is the same for all functions of an error's type, and a call that succeeds has no use for it.
    #[cold]
    #[inline(never)]
    fn due<E>(
        self,
        operation: &'static str,
        error: Option<&E>,
        show: fn(&E) -> Shown<'_>,
    ) -> Option<Again> {
        self.rule(operation, error.map(show))
    }

    /// [`due`](Self::due) without a hook to tell of it.
    #[cold]
    #[inline(never)]
    fn ends<E>(self, operation: &'static str, error: &E, show: fn(&E) -> Shown<'_>) -> bool {
        !self.wanted || self.rule(operation, Some(show(error))).is_none()
    }

    fn rule(self, operation: &'static str, error: Option<Shown<'_>>) -> Option<Again> {
        let outlasts = if self.within_deadline {
            crate::timeout::would_outlast
        } else {
            |_| false
        };
        let Ruling {
            decision,
            attempt,
            elapsed,
        } = self.progress.rule(self.config, self.hint, outlasts);
        let report = Report {
            operation,
            attempt,
            max_attempts: self.config.get_max_attempts(),
            elapsed,
            error,
        };
        match decision {
            Decision::Wait(delay) => {
                report.retrying(delay);
                Some(Again {
                    attempt,
                    delay,
                    elapsed: elapsed.unwrap_or_default(),
                })
            }
            Decision::Stop(reason) => {
                report.giving_up(reason);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::delay::Jitter;
    use super::super::progress::Retry;
    use super::*;
    use core::cell::Cell;

    const SECOND: Duration = Duration::from_secs(1);
    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);
    const FAILED: Result<u8, &str> = Err("busy");
    const DONE: Result<u8, &str> = Ok(7);

    /// Judges the first attempt of a call, without hook.
    fn judge<T, E>(
        outcome: Result<T, E>,
        filter: impl for<'a> FnOnce(Attempt<'a, 'static, T, E>) -> Attempt<'a, 'static, T, E>,
    ) -> Option<Duration> {
        let mut retry = Retry::new(&CONFIG);
        let last = filter(retry.after(outcome)).next("test", Shown::type_name);
        last.is_none().then(|| retry.delay().expect("it is due"))
    }

    #[test]
    fn every_error_is_retried_and_no_value() {
        assert_eq!(judge(FAILED, |attempt| attempt), Some(SECOND));
        assert_eq!(judge(DONE, |attempt| attempt), None);
    }

    #[test]
    fn all_filters_must_agree() {
        for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
            let due = judge(FAILED, |a| a.retry_if(|_| first).retry_if(|_| second));
            assert_eq!(due.is_some(), first && second);
        }
    }

    #[test]
    fn abort_wins_in_any_order() {
        assert_eq!(
            judge(FAILED, |a| a.abort_if(|_| true).retry_if(|_| true)),
            None
        );
        assert_eq!(
            judge(FAILED, |a| a.retry_if(|_| true).abort_if(|_| true)),
            None
        );
        assert!(judge(FAILED, |a| a.abort_if(|_| false).retry_if(|_| true)).is_some());
    }

    #[test]
    fn filters_see_only_their_side_of_the_outcome() {
        let due = judge(DONE, |attempt| {
            attempt
                .retry_if(|_| unreachable!())
                .abort_if(|_| unreachable!())
                .delay_hint(|_| unreachable!())
        });
        assert_eq!(due, None);
        let due = judge(FAILED, |attempt| attempt.retry_if_ok(|_| unreachable!()));
        assert_eq!(due, Some(SECOND));
    }

    #[test]
    fn a_value_can_be_tried_again() {
        assert_eq!(
            judge(DONE, |a| a.retry_if_ok(|value| *value == 7)),
            Some(SECOND)
        );
        assert_eq!(judge(DONE, |a| a.retry_if_ok(|value| *value == 0)), None);
    }

    #[test]
    fn a_refusal_is_not_retried() {
        assert_eq!(judge(FAILED, |attempt| attempt.unless_refused(true)), None);
        assert!(judge(FAILED, |attempt| attempt.unless_refused(false)).is_some());
    }

    #[test]
    fn a_hint_replaces_the_delay() {
        let hinted = |hint| judge(FAILED, |attempt| attempt.delay_hint(|_| hint));
        assert_eq!(hinted(Some(9 * SECOND)), Some(9 * SECOND));
        assert_eq!(hinted(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(hinted(None), Some(SECOND));
    }

    #[test]
    fn a_hint_is_asked_only_if_a_retry_is_possible() {
        let filtered = judge(FAILED, |a| {
            a.retry_if(|_| false).delay_hint(|_| unreachable!())
        });
        assert_eq!(filtered, None);
        let config = CONFIG.max_retries(0);
        let last = Retry::new(&config)
            .after(FAILED)
            .delay_hint(|_| unreachable!())
            .next("test", Shown::type_name);
        assert_eq!(last, Some(FAILED));
    }

    #[test]
    fn filters_decide_on_the_last_attempt_too() {
        let config = CONFIG.max_retries(0);
        let asked = Cell::new(false);
        let last = Retry::new(&config)
            .after(FAILED)
            .retry_if(|_| {
                asked.set(true);
                true
            })
            .next("test", Shown::type_name);
        assert_eq!(last, Some(FAILED));
        assert!(asked.get());
    }

    #[tokio::test(start_paused = true)]
    async fn the_hook_is_told_about_each_retry_and_not_about_the_end() {
        let config = CONFIG.max_retries(2);
        let mut retry = Retry::timed(&config);
        let mut told = Vec::new();
        loop {
            tokio::time::advance(10 * SECOND).await;
            let last = retry
                .after(FAILED)
                .next_telling("test", Shown::type_name, |event| {
                    told.push((
                        event.attempt,
                        event.delay,
                        event.elapsed,
                        event.outcome.err().copied(),
                    ));
                });
            if last.is_some() {
                break;
            }
            retry.wait().await;
        }
        assert_eq!(
            told.iter().map(|t| (t.0, t.1, t.2)).collect::<Vec<_>>(),
            [(1, SECOND, 10 * SECOND), (2, 2 * SECOND, 21 * SECOND)]
        );
        assert!(told.iter().all(|t| t.3 == Some("busy")));
    }

    #[test]
    fn a_hook_sees_the_value_that_was_not_accepted() {
        let mut seen = None;
        let last = Retry::timed(&CONFIG)
            .after(DONE)
            .retry_if_ok(|_| true)
            .next_telling("test", Shown::type_name, |event| {
                seen = event.outcome.ok().copied();
            });
        assert_eq!(last, None);
        assert_eq!(seen, Some(7));
    }

    #[test]
    fn outcomes_without_any_trait_can_be_judged() {
        struct Opaque;
        let outcome: Result<Opaque, Opaque> = Err(Opaque);
        assert_eq!(judge(outcome, |attempt| attempt), Some(SECOND));
    }
}
