//! What the expansion asks of a function's return type, in traits whose unmet bounds speak to the user.

use std::future::Pending;
use std::pin::Pin;

use crate::CircuitOpen;
use crate::function::Unmet;

/// A `Result`, under whatever name.
#[diagnostic::on_unimplemented(
    message = "`#[retry]`, `#[circuit_breaker]` and `#[timeout]` need a function that returns a `Result`, but this one returns `{Self}`",
    label = "this is not a `Result`",
    note = "a failure must be visible in the value: return `Result<{Self}, Error>`",
    note = "a function that returns a future is understood as `async fn`, `-> impl Future<Output = …>` or `-> Pin<Box<dyn Future<Output = …>>>`"
)]
pub trait Fallible: Sized {
    /// The `T` of `Result<T, E>`.
    type Value;
    /// The `E` of `Result<T, E>`.
    type Error;

    /// Itself. Handed on, not lent: what is borrowed has to lie in memory, and is then copied to where it is returned.
    ///
    /// # Errors
    ///
    /// If it is one.
    fn into_result(self) -> Result<Self::Value, Self::Error>;

    /// And back, so that where it is no `Result` no type differs from what was written.
    fn from_result(result: Result<Self::Value, Self::Error>) -> Self;

    /// The same for what is known to be a success: made anew, so that no more than the value is copied.
    ///
    /// # Panics
    ///
    /// If it is none.
    fn succeeded(result: Result<Self::Value, Self::Error>) -> Self;

    /// And for the outcome that no attempt comes after.
    ///
    /// # Panics
    ///
    /// If there is none, because another is due.
    fn given_up(outcome: Option<Result<Self::Value, Self::Error>>) -> Self;

    /// `Err(error)`.
    fn failed(error: Self::Error) -> Self;

    /// Tells an async block its type, by a `return` that is never reached.
    ///
    /// # Panics
    ///
    /// If it is reached all the same.
    #[cold]
    fn expected() -> Self {
        unreachable!("this return stands for its type alone")
    }
}

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
    fn succeeded(result: Self) -> Self {
        match result {
            Ok(value) => Ok(value),
            Err(_) => unreachable!("a failure is judged"),
        }
    }

    #[inline]
    fn given_up(outcome: Option<Self>) -> Self {
        match outcome {
            Some(outcome) => outcome,
            None => unreachable!("another attempt is due"),
        }
    }

    #[inline]
    fn failed(error: E) -> Self {
        Err(error)
    }
}

/// An error type that the refusal of an open circuit converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of an open circuit",
    label = "this error type has no conversion from `resilience::CircuitOpen`",
    note = "either give it one: `impl From<resilience::CircuitOpen> for {Self} {{ fn from(open: resilience::CircuitOpen) -> Self {{ … }} }}`",
    note = "or say how on the attribute: `#[circuit_breaker(error = |open| …)]`"
)]
pub trait FromCircuitOpen: Sized {
    /// Converts.
    fn from(open: CircuitOpen) -> Self;
}

// Without this, rustc would blame the `From` behind it and none of the words above would be seen.
#[diagnostic::do_not_recommend]
impl<E: From<CircuitOpen>> FromCircuitOpen for E {
    #[inline]
    fn from(open: CircuitOpen) -> Self {
        open.into()
    }
}

/// What `error =` may be: a function of the policy's error, or an error itself. `How` tells the two apart.
#[diagnostic::on_unimplemented(
    message = "`error` must be of type `{E}`, or a function from `{Given}` to it",
    label = "this is neither",
    note = "write a value, `error = {E}::…`; a function or a tuple variant by its name; or a closure, `error = |cause| …`"
)]
pub trait MakeError<Given, E, How> {
    /// The function's error.
    fn make(self, given: Given) -> E;
}

/// What the `fallback` of an async function may return: the outcome, or a future of it. `How` tells the two apart.
#[diagnostic::on_unimplemented(
    message = "a `fallback` must return what the function returns, `{R}`, or a future of it",
    label = "this returns `{Self}`"
)]
pub trait Answer<R, How> {
    /// The future that is awaited, if it is one.
    type Future: Future<Output = R>;

    /// The answer, there or to come.
    fn into_answer(self) -> Answered<R, Self::Future>;
}

/// The answer of an async function's fallback.
#[derive(Debug)]
pub enum Answered<R, F> {
    /// It is there.
    Now(R),
    /// It is to be awaited.
    Later(F),
}

#[diagnostic::do_not_recommend]
impl<F: Future<Output = R>, R> Answer<R, ByCall> for F {
    type Future = F;

    #[inline]
    fn into_answer(self) -> Answered<F::Output, F> {
        Answered::Later(self)
    }
}

// For any type at first sight, like the one above: were only one to match a type that is neither, rustc would take it for
// that one and complain of what comes after.
#[diagnostic::do_not_recommend]
impl<A: Same<R>, R> Answer<R, ByValue> for A {
    type Future = Pending<R>;

    #[inline]
    fn into_answer(self) -> Answered<R, Pending<R>> {
        Answered::Now(self.same())
    }
}

/// The answer of a sync function's `fallback`.
#[diagnostic::on_unimplemented(
    message = "a `fallback` must return what the function returns, `{R}`",
    label = "this returns `{Self}`"
)]
pub trait Same<R> {
    /// Itself.
    fn same(self) -> R;
}

impl<R> Same<R> for R {
    #[inline]
    fn same(self) -> R {
        self
    }
}

/// By what a call returns: `error = function`, an async `fallback`.
#[derive(Debug)]
pub enum ByCall {}

/// As it stands: `error = value`, a `fallback` that answers at once.
#[derive(Debug)]
pub enum ByValue {}

/// The third case, which never holds: see [`Unmet`].
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

/// What the function returns when a policy fails it.
#[inline]
pub fn failed<R: Fallible>(error: R::Error) -> R {
    R::failed(error)
}

/// `error =` a closure, whose parameter's and result's types must be known before its body is read.
#[inline]
pub fn failed_by<R: Fallible, Given>(given: Given, make: impl FnOnce(Given) -> R::Error) -> R {
    R::failed(make(given))
}

/// `error =` anything else.
#[inline]
pub fn failed_with<R: Fallible, Given, How>(
    given: Given,
    make: impl MakeError<Given, R::Error, How>,
) -> R {
    R::failed(make.make(given))
}

/// True if the pattern of `retry_on` matches the error that a refusal would be.
#[inline]
pub fn asks_for<R: Fallible>(refusal: R, matches: impl FnOnce(&R::Error) -> bool) -> bool {
    match refusal.into_result() {
        Ok(_) => false,
        Err(error) => matches(&error),
    }
}

/// Calls a closure whose parameter's type must be known before its body is read.
#[inline]
pub fn call<Given, T>(function: impl FnOnce(Given) -> T, given: Given) -> T {
    function(given)
}

/// Boxes a future. The expansion does not name `Box` itself, because the path could be shorter in the user's scope
/// (`unused_qualifications`). This path ends in `Box::pin` as well, because `#[tracing::instrument]` recognises a boxed async
/// function by these words.
#[derive(Debug)]
pub struct FutureBox;

impl FutureBox {
    /// Does the same as `Box::pin`.
    #[inline]
    pub fn pin<F>(future: F) -> Pin<Box<F>> {
        Box::pin(future)
    }
}

/// Takes a value. Where it stands, it is never called: it makes an async block own what it names.
#[inline]
pub fn take<T>(_: T) {}

/// A sync attempt. As a parameter, the closure is an `FnOnce` and may return a reborrow of what it captured.
#[inline]
pub fn attempt<T>(body: impl FnOnce() -> T) -> T {
    body()
}
