//! From the outcome of a call to the verdict on it.

use super::{machine::Mark, permit::CallPermit};

/// Judges an outcome by the filters of the attribute. An `Err` is a failure and an `Ok` a success until they differ.
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
    mark: Mark,
}

impl<T, E> Verdict<T, E> {
    #[inline]
    pub fn of(outcome: Result<T, E>) -> Self {
        let mark = if outcome.is_ok() {
            Mark::Success
        } else {
            Mark::Failure
        };
        Self { outcome, mark }
    }

    /// An error is a failure only if every such filter accepts it; else the service answered, which is a success.
    #[inline]
    pub fn failure_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        match self.outcome {
            Err(error) if self.mark == Mark::Failure => {
                let mark = if filter(&error) {
                    Mark::Failure
                } else {
                    Mark::Success
                };
                Self {
                    outcome: Err(error),
                    mark,
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
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// An error that counts as nothing, whatever the other filters say.
    #[inline]
    pub fn ignore_if(self, filter: impl FnOnce(&E) -> bool) -> Self {
        match self.outcome {
            Err(error) if self.mark != Mark::Ignored => {
                let mark = if filter(&error) {
                    Mark::Ignored
                } else {
                    self.mark
                };
                Self {
                    outcome: Err(error),
                    mark,
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

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;
    use crate::{CircuitBreaker, CircuitBreakerConfig};

    const OK: Result<i32, i32> = Ok(1);
    const ERR: Result<i32, i32> = Err(1);

    #[test]
    fn without_filters_an_error_fails_and_a_value_succeeds() {
        assert_eq!(Verdict::of(OK).mark, Mark::Success);
        assert_eq!(Verdict::of(ERR).mark, Mark::Failure);
    }

    #[test]
    fn an_error_fails_only_if_all_filters_agree() {
        let mark = |first, second| {
            Verdict::of(ERR)
                .failure_if(|_| first)
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
            let before = Verdict::of(ERR)
                .ignore_if(|_| true)
                .failure_if(|_| accepted);
            let after = Verdict::of(ERR)
                .failure_if(|_| accepted)
                .ignore_if(|_| true);
            assert_eq!((before.mark, after.mark), (Mark::Ignored, Mark::Ignored));
        }
    }

    #[test]
    fn each_filter_sees_its_own_side_only() {
        let never = |_: &i32| -> bool { panic!("the other side") };
        let ok = Verdict::of(OK).failure_if(never).ignore_if(never);
        assert_eq!(ok.failure_if_ok(|value| *value == 1).mark, Mark::Failure);
        assert_eq!(Verdict::of(ERR).failure_if_ok(never).mark, Mark::Failure);
    }

    #[test]
    fn it_is_recorded_as_what_it_is() {
        let breaker = CircuitBreaker::new("verdict", CircuitBreakerConfig::new());
        let permit = || breaker.admit().expect("closed");
        assert_eq!(Verdict::of(OK).record(permit()), OK);
        assert_eq!(Verdict::of(ERR).record(permit()), ERR);
        assert_eq!(Verdict::of(ERR).ignore_if(|_| true).record(permit()), ERR);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failures, stats.ignored), (1, 1, 1));
    }

    #[test]
    fn a_filter_that_panics_is_a_failed_call() {
        let breaker = CircuitBreaker::new("verdict", CircuitBreakerConfig::new());
        let caught = catch_unwind(|| {
            let permit = breaker.admit().expect("closed");
            Verdict::of(ERR)
                .ignore_if(|_| resume_unwind(Box::new("expected")))
                .record(permit)
        });
        assert!(caught.is_err());
        assert_eq!(breaker.stats().failures, 1);
    }
}
