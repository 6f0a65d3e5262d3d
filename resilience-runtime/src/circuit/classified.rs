//! From the result of a call to its outcome for the circuit.

use std::{marker::PhantomData, time::Duration};

use super::{
    admission::{Cause, Outcome},
    call_permit::CallPermit,
};
use crate::{
    errors::error_slot::Nowhere,
    errors::{AsTypeName, Origin, StackOrigin, Traits, View},
    fallible::{Fallible, Success},
};

/// A circuit that is used as a value asks nothing of the error type, so it sees nothing of the
/// error.
pub(super) const UNSEEN: Traits<AsTypeName, Nowhere> = Traits::new();

/// The result of a call and its outcome for the circuit.
///
/// An `Ok` is a success and an `Err` is a failure, unless a filter says otherwise. A refusal of
/// another layer is ignored, because it says nothing about the service, and so is a timeout that a
/// deadline of the caller ended, or whose body never began.
///
/// The filters are the user's code. They run here, before any lock and while the caller holds the
/// permit, so that a filter that panics is a failed call.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "an outcome has to be recorded"]
pub struct Classified<T, E, V> {
    // The result is owned, and taken apart to show one side to a filter. A result that is borrowed
    // as a whole lies in memory, and a success would be copied from there to be returned.
    result: Result<T, E>,
    origin: Origin,
    outcome: Outcome,
    view: PhantomData<V>,
}

/// The outcome of an error with that origin, if no filter decides.
fn outcome_of(origin: Origin) -> Outcome {
    match origin {
        Origin::Body => Outcome::Failure,
        Origin::Refused | Origin::Inherited | Origin::NotStarted => Outcome::Ignored,
    }
}

impl<T, E, V: View<E>> Classified<T, E, V> {
    /// The result as it counts without a filter. `_traits` is not called: its type says how the
    /// error is looked at.
    #[inline]
    pub fn of<S>(
        result: Result<T, E>,
        _traits: impl FnOnce(&Result<T, E>) -> Traits<V, S>,
    ) -> Self {
        let (origin, outcome) = match &result {
            Ok(_) => (Origin::Body, Outcome::Success),
            Err(error) => {
                let origin = V::origin(error);
                (origin, outcome_of(origin))
            }
        };
        Self {
            result,
            origin,
            outcome,
            view: PhantomData,
        }
    }

    /// Takes the origin of an error from the layers inside, because the error type may have lost
    /// it.
    #[inline]
    pub fn from_stack(self, origin: impl StackOrigin) -> Self {
        if self.result.is_ok() {
            return self;
        }
        match origin.of_error() {
            Origin::Body => self,
            origin => Self {
                origin,
                outcome: outcome_of(origin),
                ..self
            },
        }
    }

    /// Keeps an error a failure only if the pattern matches it; an error that it does not match is
    /// a success, because the service answered. A refusal that the pattern matches is a failure,
    /// too.
    #[inline]
    pub fn failure_on(self, matches: impl FnOnce(&E) -> bool) -> Self {
        self.decide(|origin, outcome, error| match origin {
            Origin::Inherited | Origin::NotStarted => outcome,
            _ if matches(error) => Outcome::Failure,
            Origin::Body => Outcome::Success,
            Origin::Refused => outcome,
        })
    }

    /// Keeps an error a failure only if the filter accepts it, too. The filter does not decide over
    /// refusals.
    #[inline]
    pub fn failure_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        self.decide(|origin, outcome, error| {
            if origin == Origin::Body && outcome == Outcome::Failure && !filter(error) {
                Outcome::Success
            } else {
                outcome
            }
        })
    }

    /// Ignores an error that the filter accepts, whatever the other filters say.
    #[inline]
    pub fn ignore_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        self.decide(|_, outcome, error| {
            if outcome != Outcome::Ignored && filter(error) {
                Outcome::Ignored
            } else {
                outcome
            }
        })
    }

    #[inline]
    fn decide(self, decide: impl FnOnce(Origin, Outcome, &E) -> Outcome) -> Self {
        match self.result {
            Err(error) => {
                let outcome = decide(self.origin, self.outcome, &error);
                Self {
                    result: Err(error),
                    outcome,
                    ..self
                }
            }
            result => Self { result, ..self },
        }
    }

    /// Makes an `Ok` a failure if the filter accepts it.
    #[inline]
    pub fn failure_if_ok(self, filter: impl FnOnce(&T) -> bool) -> Self {
        match self.result {
            Ok(value) if self.outcome == Outcome::Success => {
                let outcome = if filter(&value) {
                    Outcome::Failure
                } else {
                    Outcome::Success
                };
                Self {
                    result: Ok(value),
                    outcome,
                    ..self
                }
            }
            result => Self { result, ..self },
        }
    }

    /// Records the outcome and returns the result.
    ///
    /// # Errors
    /// If the result is an error.
    #[inline]
    pub fn record(self, permit: CallPermit<'_>) -> Result<T, E> {
        self.record_hinting(permit, |_| None)
    }

    /// Does the same as [`record`](Self::record). `hint` returns the open time that an error asks
    /// for. Each failure is asked, because any of them may open the circuit.
    ///
    /// # Errors
    /// If the result is an error.
    #[inline]
    pub fn record_hinting(
        self,
        permit: CallPermit<'_>,
        hint: impl FnOnce(&E) -> Option<Duration>,
    ) -> Result<T, E> {
        // Each side has a call of its own: recording may unwind, and a whole result that would then
        // be dropped lies in memory.
        match self.result {
            Ok(value) => {
                permit.record(self.outcome);
                Ok(value)
            }
            Err(error) => {
                let is_failure = self.outcome == Outcome::Failure;
                let hint = if is_failure { hint(&error) } else { None };
                permit.record_error(self.outcome, || Cause {
                    shown: V::show(&error),
                    hint,
                });
                Err(error)
            }
        }
    }
}

/// Records the outcome of a call without filters, and returns its result.
///
/// `origin` is the origin of an error as the layers inside know it. `_traits` is not called: its
/// type says how the error is looked at.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn record<R: Fallible, V: View<R::Error>, S>(
    result: R,
    permit: CallPermit<'_>,
    origin: impl StackOrigin,
    _traits: impl FnOnce(&Result<R::Value, R::Error>) -> Traits<V, S>,
) -> R {
    match result.into_result() {
        Ok(value) => {
            permit.success();
            R::of_value(Success(value))
        }
        Err(error) => R::failed(record_error::<_, V>(error, permit, origin)),
    }
}

/// Records the outcome of a call that returned an error, and returns the error.
// It is out of line and takes the error by value, because else the code of each function would
// contain the recording and the drop of the error if that unwinds.
#[cold]
#[inline(never)]
pub(super) fn record_error<E, V: View<E>>(
    error: E,
    permit: CallPermit<'_>,
    origin: impl StackOrigin,
) -> E {
    let outcome = outcome_of_error::<_, V>(&error, origin.of_error());
    permit.record_error(outcome, || Cause {
        shown: V::show(&error),
        hint: None,
    });
    error
}

fn outcome_of_error<E, V: View<E>>(error: &E, origin: Origin) -> Outcome {
    match origin {
        Origin::Body => outcome_of(V::origin(error)),
        origin => outcome_of(origin),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;
    use crate::{CircuitBreaker, CircuitBreakerConfig};

    const OK: Result<i32, i32> = Ok(1);
    const ERR: Result<i32, i32> = Err(1);

    fn classified(result: Result<i32, i32>) -> Classified<i32, i32, AsTypeName> {
        Classified::of(result, |_| UNSEEN)
    }

    #[test]
    fn without_filters_an_error_fails_and_a_value_succeeds() {
        assert_eq!(classified(OK).outcome, Outcome::Success);
        assert_eq!(classified(ERR).outcome, Outcome::Failure);
    }

    #[test]
    fn an_error_fails_only_if_all_filters_agree() {
        let outcome = |first, second| {
            classified(ERR)
                .failure_on(|_| first)
                .failure_if(|_| second)
                .outcome
        };
        assert_eq!(outcome(true, true), Outcome::Failure);
        assert_eq!(outcome(true, false), Outcome::Success);
        assert_eq!(outcome(false, true), Outcome::Success);
    }

    #[test]
    fn ignoring_wins_before_and_after() {
        for accepted in [true, false] {
            let before = classified(ERR).ignore_if(|_| true).failure_if(|_| accepted);
            let after = classified(ERR).failure_if(|_| accepted).ignore_if(|_| true);
            assert_eq!(
                (before.outcome, after.outcome),
                (Outcome::Ignored, Outcome::Ignored)
            );
        }
    }

    #[test]
    fn a_refusal_is_ignored_unless_the_pattern_matches_it() {
        let refused = || classified(ERR).from_stack(Origin::Refused);
        assert_eq!(refused().outcome, Outcome::Ignored);
        assert_eq!(refused().failure_on(|_| false).outcome, Outcome::Ignored);
        assert_eq!(refused().failure_on(|_| true).outcome, Outcome::Failure);
        assert_eq!(
            refused().failure_if(|_| unreachable!()).outcome,
            Outcome::Ignored
        );
        let both = refused()
            .failure_on(|_| true)
            .failure_if(|_| unreachable!());
        assert_eq!(both.outcome, Outcome::Failure);
        let ignored = refused().failure_on(|_| true).ignore_if(|_| true);
        assert_eq!(ignored.outcome, Outcome::Ignored);
    }

    #[test]
    fn a_timeout_that_is_inherited_or_whose_body_never_began_is_always_ignored() {
        for origin in [Origin::Inherited, Origin::NotStarted] {
            let timed_out = || classified(ERR).from_stack(origin);
            assert_eq!(timed_out().outcome, Outcome::Ignored);
            assert_eq!(timed_out().failure_on(|_| true).outcome, Outcome::Ignored);
            assert_eq!(timed_out().failure_if(|_| true).outcome, Outcome::Ignored);
            assert_eq!(classified(OK).from_stack(origin).outcome, Outcome::Success);
        }
    }

    #[test]
    fn each_filter_sees_its_own_side_only() {
        let never = |_: &i32| -> bool { panic!("the other side") };
        let ok = classified(OK).failure_if(never).ignore_if(never);
        assert_eq!(
            ok.failure_if_ok(|value| *value == 1).outcome,
            Outcome::Failure
        );
        assert_eq!(
            classified(ERR).failure_if_ok(never).outcome,
            Outcome::Failure
        );
    }

    #[test]
    fn every_outcome_is_recorded_as_itself() {
        let breaker = CircuitBreaker::new("classified", CircuitBreakerConfig::new());
        let permit = || breaker.admit().expect("closed");
        assert_eq!(classified(OK).record(permit()), OK);
        assert_eq!(classified(ERR).record(permit()), ERR);
        assert_eq!(classified(ERR).ignore_if(|_| true).record(permit()), ERR);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failures, stats.ignored), (1, 1, 1));
    }

    #[test]
    fn a_filter_that_panics_is_a_failed_call() {
        let breaker = CircuitBreaker::new("classified", CircuitBreakerConfig::new());
        let caught = catch_unwind(|| {
            let permit = breaker.admit().expect("closed");
            classified(ERR)
                .ignore_if(|_| resume_unwind(Box::new("expected")))
                .record(permit)
        });
        assert!(caught.is_err());
        assert_eq!(breaker.stats().failures, 1);
    }
}
