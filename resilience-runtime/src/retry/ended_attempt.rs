//! The caller's filters on an attempt that has ended, and the end of the judgement.

use super::config::RetryConfig;
use super::event::RetryEvent;
use super::hint::IntoRetryHint;
use super::review::Review;
use super::state::Retry;
use super::success;
use crate::deadline::was_reached;
use crate::errors::Origin;
use crate::errors::error_slot::Slot;
use crate::errors::{Traits, View};
use crate::events::GaveUpReason;
use crate::fallible::Fallible;
use crate::operation::Operation;
use core::borrow::Borrow;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::time::Duration;

/// An attempt that has ended.
///
/// The expansion calls the methods in the order of this file. Each of them may rule out another
/// attempt, and a method does not ask the caller's function after that, because the answer would
/// change nothing. `V` inspects an error, and `S` is the place of the last error that was retried.
#[derive(Debug)]
#[must_use = "an attempt decides nothing until `next` is called"]
pub struct EndedAttempt<'a, T, E, V, S> {
    // The attempt owns the outcome, and takes it apart to show it to a filter. An outcome that is
    // borrowed as a whole lies in memory, and a success would be copied from there to be returned.
    outcome: Result<T, E>,
    review: Review<'a>,
    kept: &'a mut S,
    view: PhantomData<V>,
}

impl<'a, E, V: View<E>, S> EndedAttempt<'a, Infallible, E, V, S> {
    /// Judges an attempt that has failed, for any type of success.
    ///
    /// The expansion does not take the error out of the outcome, because the error's type may have
    /// no values. Then rustc would call the code after it unreachable, and say so to the user.
    ///
    /// # Panics
    ///
    /// If the attempt has succeeded.
    #[inline]
    pub fn failed<T, C: Borrow<RetryConfig>>(
        retry: &'a mut Retry<C, S>,
        _: Traits<V, S>,
        outcome: Result<T, E>,
    ) -> Self {
        match outcome {
            Err(error) => Self::after(retry, Traits::new(), Err(error)),
            Ok(_) => unreachable!("a success has left"),
        }
    }

    /// Does the same as [`failed`](Self::failed) for a sync function, which keeps an error in
    /// place.
    #[inline]
    pub fn failed_blocking<T, C: Borrow<RetryConfig>, Other: Slot<E, Blocking = S>>(
        retry: &'a mut Retry<C, S>,
        _: Traits<V, Other>,
        outcome: Result<T, E>,
    ) -> Self {
        match outcome {
            Err(error) => Self::after(retry, Traits::new(), Err(error)),
            Ok(_) => unreachable!("a success has left"),
        }
    }

    /// Decides for an attempt that has failed. `None` means that another attempt is due, and `Some`
    /// is the error that the call ends with.
    #[inline]
    pub fn last<T>(self, operation: &Operation) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        // The error and the review are variables of their own, because a variable that both share
        // lies in memory as soon as one of them is borrowed, and a success is then copied through
        // it (measured: 3 ns).
        let Self {
            outcome: Err(error),
            mut review,
            kept,
            ..
        } = self;
        // The compiler knows the answer here, and not after the call below.
        let may_be_refused = review.may_be_refused::<E, V>();
        let gives_up = review.gives_up::<E, V>(operation, &error);
        if !may_be_refused {
            return gives_up.then_some(Err(error));
        }
        review.ending::<E, V, S>(gives_up, error, kept).map(Err)
    }
}

impl<'a, T, E, V: View<E>, S> EndedAttempt<'a, T, E, V, S> {
    /// Judges an attempt that has ended.
    #[inline]
    pub fn after<C: Borrow<RetryConfig>>(
        retry: &'a mut Retry<C, S>,
        _: Traits<V, S>,
        outcome: Result<T, E>,
    ) -> Self {
        let origin = match &outcome {
            Ok(_) => Origin::Body,
            Err(error) => V::origin(error),
        };
        let review = Review::new(retry.config.borrow(), &mut retry.progress, origin);
        Self {
            outcome,
            review,
            kept: &mut retry.kept,
            view: PhantomData,
        }
    }

    /// Does the same as [`after`](Self::after) for a sync function, which keeps an error in place.
    #[inline]
    pub fn after_blocking<C: Borrow<RetryConfig>, Other: Slot<E, Blocking = S>>(
        retry: &'a mut Retry<C, S>,
        _: Traits<V, Other>,
        outcome: Result<T, E>,
    ) -> Self {
        Self::after(retry, Traits::new(), outcome)
    }

    /// Takes the origin of the error from the own stack, because the error type may have lost it.
    // It is out of line, as `refused_for` is, because a call that succeeds does not need it.
    #[cold]
    #[inline(never)]
    pub fn from_stack(mut self, origin: &'a mut Origin) -> Self {
        if self.outcome.is_err() && origin.is_refusal() {
            self.review.origin = *origin;
        }
        self.review.noted = Some(origin);
        self.above_timeout()
    }

    /// Takes into account that a timeout of the own stack may have been ended by a deadline of the
    /// caller, because the error type may have lost that, too.
    #[cold]
    #[inline(never)]
    pub fn above_timeout(mut self) -> Self {
        if self.outcome.is_err() && was_reached() {
            self.review.origin = Origin::Inherited;
        }
        self.review.is_above_refusals = true;
        self
    }

    /// Retries an error only if `f` matches it. A refusal that `f` matches is to be retried, unless
    /// it is an inherited expiry, because a pattern cannot tell that from another timeout.
    #[inline]
    pub fn retry_on(self, f: impl FnOnce(&E) -> bool) -> Self {
        self.filter(|review, error| {
            let matches = f(error);
            match review.origin {
                Origin::Inherited => {}
                Origin::Refused => review.wants_refusals |= matches,
                Origin::Body | Origin::NotStarted if matches => {}
                Origin::Body | Origin::NotStarted => {
                    review.reason = Some(GaveUpReason::NotRetryable);
                }
            }
        })
    }

    /// Retries an error only if `f` accepts it. `f` does not decide over refusals.
    #[inline]
    pub fn retry_if(self, f: impl FnOnce(&E) -> bool) -> Self {
        self.filter(|review, error| {
            if !review.origin.is_refusal() && !f(error) {
                review.reason = Some(GaveUpReason::NotRetryable);
            }
        })
    }

    /// Never retries an error that `f` accepts.
    #[inline]
    pub fn abort_if(self, f: impl FnOnce(&E) -> bool) -> Self {
        self.filter(|review, error| {
            if !review.is_unwanted_refusal() && f(error) {
                review.reason = Some(GaveUpReason::NotRetryable);
            }
        })
    }

    /// Retries a value only if `f` accepts it.
    #[inline]
    pub fn retry_if_ok(mut self, f: impl FnOnce(&T) -> bool) -> Self {
        match self.outcome {
            Ok(value) => {
                // The last value is shown, too, because the statistics tell a value that the caller
                // waited for from one with which the attempts ran out.
                self.review.wants_value = f(&value);
                Self {
                    outcome: Ok(value),
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// Lets the error say how long to wait.
    #[inline]
    pub fn delay_hint<H: IntoRetryHint>(self, f: impl FnOnce(&E) -> H) -> Self {
        self.filter(|review, error| {
            if !review.is_unwanted_refusal() {
                review.hint = f(error).into_retry_hint();
            }
        })
    }

    /// Takes into account a circuit of the own stack that is certain to refuse for the time `open`.
    #[cold]
    #[inline(never)]
    pub fn refused_for(mut self, open: Option<Duration>) -> Self {
        self.review.refused_for = self.review.refused_for.max(open);
        self
    }

    /// Shows the error to one more filter, unless it is certain already that no other attempt
    /// follows.
    #[inline]
    fn filter(mut self, f: impl FnOnce(&mut Review<'a>, &E)) -> Self {
        match self.outcome {
            Err(error) if self.review.reason.is_none() => {
                f(&mut self.review, &error);
                Self {
                    outcome: Err(error),
                    ..self
                }
            }
            outcome => Self { outcome, ..self },
        }
    }

    /// Decides, and logs the decision. `None` means that another attempt is due after a wait, and
    /// `Some` is the outcome that the call ends with.
    #[inline]
    pub fn next(self, operation: &Operation) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        self.next_telling(operation, |_| {})
    }

    /// Does the same as [`next`](Self::next), and tells a hook of a retry.
    #[inline]
    pub fn next_telling(
        mut self,
        operation: &Operation,
        on_retry: impl FnOnce(&RetryEvent<'_, T, E>),
    ) -> Option<Result<T, E>>
    where
        S: Slot<E>,
    {
        // The outcome is taken apart and put together again. So a success leaves as its value
        // alone, and only a second variable is borrowed from here on.
        let outcome = match self.outcome {
            Ok(value) if !self.review.wants_value => {
                success::succeeded(self.review.progress, operation);
                return Some(Ok(value));
            }
            Ok(value) => Ok(value),
            Err(error) => Err(error),
        };
        let seen = outcome.as_ref();
        let Some(delay) = self.review.next_delay::<E, V>(operation, seen.err()) else {
            return Some(outcome.map_err(|error| self.review.given_up::<E, S>(error, self.kept)));
        };
        on_retry(&RetryEvent {
            operation: operation.name(),
            // The next attempt's number is in the schedule already.
            attempt: self.review.attempt().saturating_sub(1),
            max_attempts: self.review.config.get_max_attempts(),
            delay,
            elapsed: self.review.elapsed.unwrap_or_default(),
            outcome: seen,
        });
        if let Err(error) = outcome {
            self.review.keep::<E, V, S>(error, self.kept);
        }
        None
    }
}

/// True if the pattern of `retry_on` matches the error that a refusal would be.
#[inline]
pub fn asks_for<R: Fallible>(refusal: R, matches: impl FnOnce(&R::Error) -> bool) -> bool {
    match refusal.into_result() {
        Ok(_) => false,
        Err(error) => matches(&error),
    }
}

#[cfg(test)]
mod tests;
