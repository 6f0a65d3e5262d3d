//! The outcome of the user's function. Every policy takes one and returns one.
//!
//! The traits are written for their error messages: rustc reports an unmet bound in words of ours.
//! Nothing here uses a type of a policy, because a policy's conversions live with the policy.

use std::task::Poll;

use crate::function::Unmet;

/// A `Result`, under any name.
#[diagnostic::on_unimplemented(
    message = "the attributes of `resilience` need a function that returns a `Result`, but this one returns `{Self}`",
    label = "this is not a `Result`",
    note = "a failure must be visible in the value: return `Result<{Self}, Error>`",
    note = "a function that returns a future is understood as `async fn`, `-> impl Future<Output = …>` or `-> Pin<Box<dyn Future<Output = …>>>`"
)]
pub trait Fallible: Sized {
    /// The `T` of `Result<T, E>`.
    type Value;
    /// The `E` of `Result<T, E>`.
    type Error;

    /// Returns the same value as a `Result`. It takes `self`, not `&self`, because a borrow would
    /// force the value into memory, from where it would be copied to be returned.
    ///
    /// # Errors
    ///
    /// If the outcome is an error.
    fn into_result(self) -> Result<Self::Value, Self::Error>;

    /// Returns a `Result` as the outcome. The expansion speaks of the outcome's own type, because
    /// that is the type in the errors of a function that returns no `Result`.
    fn from_result(result: Result<Self::Value, Self::Error>) -> Self;

    /// Takes the value out of a result that is a success.
    ///
    /// # Panics
    ///
    /// If the result is an error.
    fn value(result: Result<Self::Value, Self::Error>) -> Success<Self::Value>;

    /// Returns `Ok` of the value.
    fn of_value(value: Success<Self::Value>) -> Self;

    /// Returns a result that is a success. It is made anew from the value, so that only the value
    /// is copied.
    ///
    /// # Panics
    ///
    /// If the result is an error.
    #[inline]
    fn succeeded(result: Result<Self::Value, Self::Error>) -> Self {
        Self::of_value(Self::value(result))
    }

    /// Returns the result that no attempt comes after.
    ///
    /// # Panics
    ///
    /// If there is none, because another attempt is due.
    fn given_up(result: Option<Result<Self::Value, Self::Error>>) -> Self;

    /// Takes a polled outcome apart: into the value of a success, or what `kept` makes of a failed
    /// outcome. All of it is one step, because an outcome that is handed on is copied at the size
    /// of its error.
    fn polled<K>(
        polled: Poll<Self>,
        kept: impl FnOnce(Self) -> K,
    ) -> Poll<Result<Success<Self::Value>, K>>;

    /// Returns the error, if the outcome is one.
    fn as_error(&self) -> Option<&Self::Error>;

    /// Returns `Err(error)`.
    fn failed(error: Self::Error) -> Self;

    /// Tells an async block its type, by a `return` that is never reached.
    ///
    /// # Panics
    ///
    /// If it is reached.
    #[cold]
    fn expected() -> Self {
        unreachable!("this return stands for its type alone")
    }
}

/// The value of a success. A value of a type without values ends the code where it stands, so rustc
/// would call the code after it unreachable, and say so to the user. This type hides the value.
#[derive(Debug)]
pub struct Success<T>(pub(crate) T);

#[diagnostic::do_not_recommend]
impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;

    #[inline]
    fn into_result(self) -> Self {
        self
    }

    #[inline]
    fn from_result(result: Self) -> Self {
        result
    }

    #[inline]
    fn value(result: Self) -> Success<T> {
        match result {
            Ok(value) => Success(value),
            Err(_) => unreachable!("the expansion judges a failure"),
        }
    }

    #[inline]
    fn of_value(Success(value): Success<T>) -> Self {
        Ok(value)
    }

    #[inline]
    fn given_up(result: Option<Self>) -> Self {
        match result {
            Some(result) => result,
            None => unreachable!("another attempt is due"),
        }
    }

    #[inline]
    fn polled<K>(polled: Poll<Self>, kept: impl FnOnce(Self) -> K) -> Poll<Result<Success<T>, K>> {
        match polled {
            Poll::Ready(Ok(value)) => Poll::Ready(Ok(Success(value))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(kept(Err(error)))),
            Poll::Pending => Poll::Pending,
        }
    }

    #[inline]
    fn as_error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    #[inline]
    fn failed(error: E) -> Self {
        Err(error)
    }
}

/// The value of `error = …`: a function of the policy's error, or an error. `How` tells the two
/// apart.
#[diagnostic::on_unimplemented(
    message = "`error` must be of type `{E}`, or a function from `{Given}` to it",
    label = "this is neither",
    note = "write a value, `error = {E}::…`; a function or a tuple variant by its name; or a closure, `error = |cause| …`"
)]
pub trait MakeError<Given, E, How> {
    /// Makes the function's error.
    fn make(self, given: Given) -> E;
}

/// The value is called: `error = function`, an async `fallback`.
#[derive(Debug)]
pub enum ByCall {}

/// The value is taken as it stands: `error = value`, a `fallback` that answers at once.
#[derive(Debug)]
pub enum ByValue {}

/// The third case. No type fits it: see [`Unmet`].
#[derive(Debug)]
pub enum Unmatched {}

#[diagnostic::do_not_recommend]
impl<F: FnOnce(Given) -> E, Given, E> MakeError<Given, E, ByCall> for F {
    #[inline]
    fn make(self, given: Given) -> E {
        self(given)
    }
}

#[diagnostic::do_not_recommend]
impl<Given, E> MakeError<Given, E, ByValue> for E {
    #[inline]
    fn make(self, _: Given) -> E {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<F: Unmet, Given, E> MakeError<Given, E, Unmatched> for F {
    fn make(self, _: Given) -> E {
        unreachable!("no type is `Unmet`")
    }
}

/// Returns the outcome of a call that a policy fails.
#[inline]
pub fn failed<R: Fallible>(error: R::Error) -> R {
    R::failed(error)
}

/// Fails a call by `error = |given| …`. rustc must know the types of the closure's parameter and
/// result before it reads the closure's body.
#[inline]
pub fn failed_by<R: Fallible, Given>(given: Given, make: impl FnOnce(Given) -> R::Error) -> R {
    R::failed(make(given))
}

/// Fails a call by any other `error = …`.
#[inline]
pub fn failed_with<R: Fallible, Given, How>(
    given: Given,
    make: impl MakeError<Given, R::Error, How>,
) -> R {
    R::failed(make.make(given))
}
