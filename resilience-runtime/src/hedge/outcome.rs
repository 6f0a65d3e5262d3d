//! The end of an attempt.

use crate::errors::{Origin, View};
use crate::fallible::{Fallible, Success};

/// The output of an attempt: the result, or the result and the origin of its error as the layers
/// inside know it.
pub trait AttemptOutcome: Sized {
    /// The result that the function returns.
    type Result: Fallible;

    /// Returns the value of a success, or the outcome of a failed attempt.
    ///
    /// # Errors
    ///
    /// The outcome itself, if the attempt failed.
    fn ended(self) -> Result<Success<<Self::Result as Fallible>::Value>, Self>;

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
    fn ended(self) -> Result<Success<R::Value>, Self> {
        match self.into_result() {
            Ok(value) => Ok(Success(value)),
            Err(error) => Err(R::failed(error)),
        }
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
    fn ended(self) -> Result<Success<R::Value>, Self> {
        let (result, origin) = self;
        result.ended().map_err(|result| (result, origin))
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
