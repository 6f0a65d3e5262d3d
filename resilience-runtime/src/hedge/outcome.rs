//! The end of an attempt.

use std::task::Poll;

use crate::errors::{Origin, View};
use crate::fallible::{Fallible, Success};

/// The output of an attempt: the result, or the result and the origin of its error as the layers
/// inside know it.
pub trait AttemptOutcome: Sized {
    /// The result that the function returns.
    type Result: Fallible;

    /// Returns the end of an attempt. The poll is taken apart in one place, because an outcome that
    /// is handed on is copied at the size of its error.
    fn ended(polled: Poll<Self>) -> Poll<Ended<Self>>;

    /// Returns the outcome of a success.
    fn succeeded(value: Success<<Self::Result as Fallible>::Value>) -> Self;

    /// The error of a failed attempt.
    fn error(&self) -> Option<&<Self::Result as Fallible>::Error>;

    /// The origin of the error, as far as the layers inside tell.
    fn told_origin(&self) -> Origin;
}

impl<R: Fallible> AttemptOutcome for R {
    type Result = R;

    #[inline]
    fn ended(polled: Poll<Self>) -> Poll<Ended<Self>> {
        R::polled(polled, Box::new)
    }

    #[inline]
    fn succeeded(value: Success<R::Value>) -> Self {
        R::of_value(value)
    }

    #[inline]
    fn error(&self) -> Option<&R::Error> {
        self.as_error()
    }

    #[inline]
    fn told_origin(&self) -> Origin {
        Origin::Body
    }
}

impl<R: Fallible> AttemptOutcome for (R, Origin) {
    type Result = R;

    #[inline]
    fn ended(polled: Poll<Self>) -> Poll<Ended<Self>> {
        match polled {
            Poll::Ready((result, origin)) => {
                R::polled(Poll::Ready(result), |result| Box::new((result, origin)))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    #[inline]
    fn succeeded(value: Success<R::Value>) -> Self {
        (R::of_value(value), Origin::Body)
    }

    #[inline]
    fn error(&self) -> Option<&R::Error> {
        self.0.as_error()
    }

    #[inline]
    fn told_origin(&self) -> Origin {
        self.1
    }
}

/// The end of a call: the value of a success, or the outcome of a failed attempt. The outcome is in
/// a box, because a success would be copied at the size of an error otherwise.
pub(super) type Ended<O> =
    Result<Success<<<O as AttemptOutcome>::Result as Fallible>::Value>, Box<O>>;

/// Returns the outcome that a call ends with.
#[inline]
pub fn outcome_of_attempts<O: AttemptOutcome>(ended: Ended<O>) -> O {
    match ended {
        Ok(value) => O::succeeded(value),
        Err(outcome) => *outcome,
    }
}

/// True if a layer refused the attempt. It says nothing about the service, and the next attempt
/// would be refused as well.
pub(super) fn is_refused<E, V: View<E>>(error: &E, told: Origin, was_reached: bool) -> bool {
    was_reached || told.is_refusal() || V::origin(error).is_refusal()
}
