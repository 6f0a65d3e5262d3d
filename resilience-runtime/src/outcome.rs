//! What the expansion asks of a function's return type, in traits whose unmet bounds speak to the user.

use std::future::Pending;

use crate::{CircuitOpen, TimedOut};

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

    /// Itself.
    fn into_result(self) -> Result<Self::Value, Self::Error>;

    /// `Err(error)`.
    fn from_error(error: Self::Error) -> Self;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;

    #[inline]
    fn into_result(self) -> Self {
        self
    }

    #[inline]
    fn from_error(error: E) -> Self {
        Err(error)
    }
}

/// An attempt's outcome, as the policies read it. Generic, so that of a function that returns something else only the
/// unmet bound is reported.
///
/// # Errors
///
/// If the outcome is one.
#[inline]
pub fn outcome<R: Fallible>(returned: R) -> Result<R::Value, R::Error> {
    returned.into_result()
}

/// An outcome that is known to be a success. Made anew, so that no more than the value is copied.
///
/// # Errors
///
/// Never.
///
/// # Panics
///
/// If it is none.
#[inline]
#[track_caller]
pub fn success<T, E>(outcome: Result<T, E>) -> Result<T, E> {
    match outcome {
        Ok(value) => Ok(value),
        Err(_) => unreachable!("failures are judged"),
    }
}

/// What the function returns when a policy fails it.
#[inline]
pub fn failed<R: Fallible>(error: R::Error) -> R {
    R::from_error(error)
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
    fn open_into(open: CircuitOpen) -> Self;
}

// Without this, rustc would blame the `From` behind it and none of the words above would be seen.
#[diagnostic::do_not_recommend]
impl<E: From<CircuitOpen>> FromCircuitOpen for E {
    #[inline]
    fn open_into(open: CircuitOpen) -> Self {
        open.into()
    }
}

/// An error type that an expired timeout converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of an expired timeout",
    label = "this error type has no conversion from `resilience::TimedOut`",
    note = "either give it one: `impl From<resilience::TimedOut> for {Self} {{ fn from(late: resilience::TimedOut) -> Self {{ … }} }}`",
    note = "or say how on the attribute: `#[timeout(5s, error = |late| …)]`"
)]
pub trait FromTimedOut: Sized {
    /// Converts.
    fn timed_out_into(late: TimedOut) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<TimedOut>> FromTimedOut for E {
    #[inline]
    fn timed_out_into(late: TimedOut) -> Self {
        late.into()
    }
}

/// The function's error for a refusal.
#[inline]
pub fn open_into<E: FromCircuitOpen>(open: CircuitOpen) -> E {
    E::open_into(open)
}

/// The function's error for an expiry.
#[inline]
pub fn timed_out_into<E: FromTimedOut>(late: TimedOut) -> E {
    E::timed_out_into(late)
}

/// What `error =` may be: a function of the policy's error, or an error itself. `How` tells the two apart.
#[diagnostic::on_unimplemented(
    message = "`error` must be a `{E}`, or a function from `{Given}` to it",
    label = "this is neither",
    note = "for example `error = MyError::Unavailable`, or `error = |cause| MyError::from(cause)`"
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
impl<F: Future> Answer<F::Output, ByCall> for F {
    type Future = F;

    #[inline]
    fn into_answer(self) -> Answered<F::Output, F> {
        Answered::Later(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R> Answer<R, ByValue> for R {
    type Future = Pending<R>;

    #[inline]
    fn into_answer(self) -> Answered<R, Pending<R>> {
        Answered::Now(self)
    }
}

/// The answer of an async function's fallback.
#[inline]
pub fn answer<R, How, A: Answer<R, How>>(answer: A) -> Answered<R, A::Future> {
    answer.into_answer()
}

/// By what a call returns: `error = function`, an async `fallback`.
#[derive(Debug)]
pub enum ByCall {}

/// As it stands: `error = value`, a `fallback` that answers at once.
#[derive(Debug)]
pub enum ByValue {}

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

/// `error =` anything but a closure.
#[inline]
pub fn convert<Given, E, How>(make: impl MakeError<Given, E, How>, given: Given) -> E {
    make.make(given)
}

/// Calls a closure whose parameter's type must be known before its body is read.
#[inline]
pub fn call<Given, T>(function: impl FnOnce(Given) -> T, given: Given) -> T {
    function(given)
}

/// A sync attempt. As a parameter, the closure is an `FnOnce` and may return a reborrow of what it captured.
#[inline]
pub fn attempt<T>(body: impl FnOnce() -> T) -> T {
    body()
}

/// Tells an async block its type: `return expected::<R>()` stands where it is never reached.
///
/// # Panics
///
/// If it is reached all the same.
#[cold]
pub fn expected<R: Fallible>() -> R {
    unreachable!("this return stands for its type alone")
}

/// An argument that each attempt's worker needs for itself.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be copied for each attempt",
    label = "`{Self}` is not `Clone`",
    note = "under `#[retry]`, a sync `#[timeout]` gives each attempt's worker thread arguments of its own, because an abandoned one keeps what it has",
    note = "derive `Clone`, share it in an `Arc`, put the timeout above the retry, or use `mode = cooperative`"
)]
pub trait WorkerArgument: Sized {
    /// Clones.
    fn copy(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> WorkerArgument for T {
    #[inline]
    fn copy(&self) -> Self {
        self.clone()
    }
}

/// A copy of an argument for one attempt's worker.
#[inline]
pub fn copy_for_worker<T: WorkerArgument>(argument: &T) -> T {
    T::copy(argument)
}

/// A `self` that each attempt's worker takes: a macro cannot bind `self` to a copy, so it must be one that copies itself.
#[diagnostic::on_unimplemented(
    message = "`self` of type `{Self}` cannot be given to the worker of each attempt",
    label = "`{Self}` is not `Copy`",
    note = "under `#[retry]`, a sync `#[timeout]` gives each attempt's worker thread a `self` of its own, because an abandoned one keeps what it has",
    note = "put the timeout above the retry, use `mode = cooperative`, or take the `Arc` as an argument: `fn f(this: Arc<Self>)`"
)]
pub trait WorkerReceiver {}

#[diagnostic::do_not_recommend]
impl<T: Copy> WorkerReceiver for T {}

/// Asserts that a `self` may be moved to one worker after another.
#[inline]
pub fn again_for_worker<T: WorkerReceiver>(_: &T) {}
