//! From the outcome of a call to the verdict on it.

use super::{machine::Mark, permit::CallPermit};
use crate::{
    inspect::{AsTypeName, Nowhere, Traits, View},
    outcome::Fallible,
    refusal::Origin,
};

/// How a circuit that is used as a value looks at an error: nothing is demanded of the type, so nothing is seen.
pub(super) const UNSEEN: Traits<AsTypeName, Nowhere> = Traits::new();

/// Judges an outcome by the filters of the attribute. An `Err` is a failure and an `Ok` a success until they differ. A
/// refusal of another layer is ignored, because it says nothing about the service, and so is a timeout whose body never
/// began.
///
/// The filters are the user's, and run here: before any lock, and with the permit still in the caller's hands, so that
/// one that panics is a failed call.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "a verdict has to be recorded"]
pub struct Verdict<T, E> {
    // Owned, and taken apart to be shown to a filter: an outcome that is itself borrowed lies in memory, from where a
    // success would be copied to be returned.
    outcome: Result<T, E>,
    origin: Origin,
    mark: Mark,
}

/// The mark of an error that nobody filters.
fn mark_of(origin: Origin) -> Mark {
    match origin {
        Origin::Body => Mark::Failure,
        Origin::Refused | Origin::NotStarted => Mark::Ignored,
    }
}

impl<T, E> Verdict<T, E> {
    /// `_traits` only says how the error type is looked at: it is not called.
    #[inline]
    pub fn of<V: View<E>, S>(
        outcome: Result<T, E>,
        _traits: impl FnOnce(&Result<T, E>) -> Traits<V, S>,
    ) -> Self {
        let (origin, mark) = match &outcome {
            Ok(_) => (Origin::Body, Mark::Success),
            Err(error) => {
                let origin = V::origin(error);
                (origin, mark_of(origin))
            }
        };
        Self {
            outcome,
            origin,
            mark,
        }
    }

    /// Takes into account where the own stack says that the error comes from: the error type may have lost it.
    #[inline]
    pub fn from_stack(self, origin: Origin) -> Self {
        if self.outcome.is_err() && origin != Origin::Body {
            let mark = mark_of(origin);
            Self {
                origin,
                mark,
                ..self
            }
        } else {
            self
        }
    }

    /// An error is a failure only if the pattern matches it; else the service answered, which is a success. A refusal that
    /// the pattern matches is a failure, too.
    #[inline]
    pub fn failure_on(self, matches: impl FnOnce(&E) -> bool) -> Self {
        self.judged(|origin, mark, error| match origin {
            Origin::NotStarted => mark,
            _ if matches(error) => Mark::Failure,
            Origin::Body => Mark::Success,
            Origin::Refused => mark,
        })
    }

    /// An error is a failure only if the filter accepts it, too. It does not decide over refusals.
    #[inline]
    pub fn failure_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        self.judged(|origin, mark, error| {
            if origin == Origin::Body && mark == Mark::Failure && !filter(error) {
                Mark::Success
            } else {
                mark
            }
        })
    }

    /// An error that counts as nothing, whatever the other filters say.
    #[inline]
    pub fn ignore_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        self.judged(|_, mark, error| {
            if mark != Mark::Ignored && filter(error) {
                Mark::Ignored
            } else {
                mark
            }
        })
    }

    #[inline]
    fn judged(self, judge: impl FnOnce(Origin, Mark, &E) -> Mark) -> Self {
        match self.outcome {
            Err(error) => {
                let mark = judge(self.origin, self.mark, &error);
                Self {
                    outcome: Err(error),
                    mark,
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// An `Ok` that is a failure.
    #[inline]
    pub fn failure_if_ok(self, filter: impl FnOnce(&T) -> bool) -> Self {
        match self.outcome {
            Ok(value) if self.mark == Mark::Success => {
                let mark = if filter(&value) {
                    Mark::Failure
                } else {
                    Mark::Success
                };
                Self {
                    outcome: Ok(value),
                    mark,
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// Returns the outcome, which is the caller's.
    ///
    /// # Errors
    /// If the outcome is one.
    #[inline]
    pub fn record(self, permit: CallPermit<'_>) -> Result<T, E> {
        // Each side by itself: recording may unwind, and a whole outcome that would have to be dropped then lies in
        // memory as well.
        match self.outcome {
            Ok(value) => {
                permit.settle(self.mark);
                Ok(value)
            }
            Err(error) => {
                permit.settle(self.mark);
                Err(error)
            }
        }
    }
}

/// Records the outcome of a call that nobody filters, and returns it. `origin` is where the own stack says that an error
/// comes from.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn record<R: Fallible, V: View<R::Error>, S>(
    outcome: R,
    permit: CallPermit<'_>,
    origin: Origin,
    _traits: impl FnOnce(&Result<R::Value, R::Error>) -> Traits<V, S>,
) -> R {
    let result = outcome.into_result();
    match result {
        Ok(value) => {
            permit.success();
            R::from_result(Ok(value))
        }
        // The error is not taken out: it would have to be dropped if recording unwinds, from a place of its own.
        Err(ref error) => {
            permit.settle(mark_of_error::<_, V>(error, origin));
            R::from_result(result)
        }
    }
}

fn mark_of_error<E, V: View<E>>(error: &E, origin: Origin) -> Mark {
    match origin {
        Origin::Body => mark_of(V::origin(error)),
        origin => mark_of(origin),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;
    use crate::{CircuitBreaker, CircuitBreakerConfig};

    const OK: Result<i32, i32> = Ok(1);
    const ERR: Result<i32, i32> = Err(1);

    fn verdict(outcome: Result<i32, i32>) -> Verdict<i32, i32> {
        Verdict::of(outcome, |_| UNSEEN)
    }

    #[test]
    fn without_filters_an_error_fails_and_a_value_succeeds() {
        assert_eq!(verdict(OK).mark, Mark::Success);
        assert_eq!(verdict(ERR).mark, Mark::Failure);
    }

    #[test]
    fn an_error_fails_only_if_all_filters_agree() {
        let mark = |first, second| {
            verdict(ERR)
                .failure_on(|_| first)
                .failure_if(|_| second)
                .mark
        };
        assert_eq!(mark(true, true), Mark::Failure);
        assert_eq!(mark(true, false), Mark::Success);
        assert_eq!(mark(false, true), Mark::Success);
    }

    #[test]
    fn ignoring_wins_before_and_after() {
        for accepted in [true, false] {
            let before = verdict(ERR).ignore_if(|_| true).failure_if(|_| accepted);
            let after = verdict(ERR).failure_if(|_| accepted).ignore_if(|_| true);
            assert_eq!((before.mark, after.mark), (Mark::Ignored, Mark::Ignored));
        }
    }

    #[test]
    fn a_refusal_is_ignored_unless_the_pattern_matches_it() {
        let refused = || verdict(ERR).from_stack(Origin::Refused);
        assert_eq!(refused().mark, Mark::Ignored);
        assert_eq!(refused().failure_on(|_| false).mark, Mark::Ignored);
        assert_eq!(refused().failure_on(|_| true).mark, Mark::Failure);
        assert_eq!(refused().failure_if(|_| unreachable!()).mark, Mark::Ignored);
        let both = refused()
            .failure_on(|_| true)
            .failure_if(|_| unreachable!());
        assert_eq!(both.mark, Mark::Failure);
        let ignored = refused().failure_on(|_| true).ignore_if(|_| true);
        assert_eq!(ignored.mark, Mark::Ignored);
    }

    #[test]
    fn a_timeout_whose_body_never_began_is_always_ignored() {
        let not_started = || verdict(ERR).from_stack(Origin::NotStarted);
        assert_eq!(not_started().mark, Mark::Ignored);
        assert_eq!(not_started().failure_on(|_| true).mark, Mark::Ignored);
        assert_eq!(not_started().failure_if(|_| true).mark, Mark::Ignored);
        assert_eq!(
            verdict(OK).from_stack(Origin::NotStarted).mark,
            Mark::Success
        );
    }

    #[test]
    fn each_filter_sees_its_own_side_only() {
        let never = |_: &i32| -> bool { panic!("the other side") };
        let ok = verdict(OK).failure_if(never).ignore_if(never);
        assert_eq!(ok.failure_if_ok(|value| *value == 1).mark, Mark::Failure);
        assert_eq!(verdict(ERR).failure_if_ok(never).mark, Mark::Failure);
    }

    #[test]
    fn it_is_recorded_as_what_it_is() {
        let breaker = CircuitBreaker::new("verdict", CircuitBreakerConfig::new());
        let permit = || breaker.admit().expect("closed");
        assert_eq!(verdict(OK).record(permit()), OK);
        assert_eq!(verdict(ERR).record(permit()), ERR);
        assert_eq!(verdict(ERR).ignore_if(|_| true).record(permit()), ERR);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failures, stats.ignored), (1, 1, 1));
    }

    #[test]
    fn a_filter_that_panics_is_a_failed_call() {
        let breaker = CircuitBreaker::new("verdict", CircuitBreakerConfig::new());
        let caught = catch_unwind(|| {
            let permit = breaker.admit().expect("closed");
            verdict(ERR)
                .ignore_if(|_| resume_unwind(Box::new("expected")))
                .record(permit)
        });
        assert!(caught.is_err());
        assert_eq!(breaker.stats().failures, 1);
    }
}
