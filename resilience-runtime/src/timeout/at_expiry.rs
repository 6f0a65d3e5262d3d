//! The output of a timeout when the body was done in time, and when it was not.

use super::error::TimedOut;
use crate::fallible::Fallible;

/// The output of a timeout, in time and at the expiry, over a body with the output `T`.
pub trait AtExpiry<T> {
    /// The output of the timeout.
    type Output;

    /// The output when the body was done in time.
    fn in_time(output: T) -> Self::Output;

    /// The output when the limit was reached.
    fn expired(&self, error: TimedOut) -> Self::Output;
}

/// The expiry is an `Err` around the body's output.
#[derive(Debug)]
pub struct SeparateError;

impl<T> AtExpiry<T> for SeparateError {
    type Output = Result<T, TimedOut>;

    #[inline]
    fn in_time(output: T) -> Self::Output {
        Ok(output)
    }

    #[inline]
    fn expired(&self, error: TimedOut) -> Self::Output {
        Err(error)
    }
}

/// The expiry is an error of the body's own error type.
impl<R: Fallible, M: Fn(TimedOut) -> R::Error> AtExpiry<R> for M {
    type Output = R;

    #[inline]
    fn in_time(output: R) -> R {
        output
    }

    #[inline]
    fn expired(&self, error: TimedOut) -> R {
        R::failed(self(error))
    }
}
