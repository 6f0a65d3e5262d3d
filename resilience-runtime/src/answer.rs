//! The answer of a fallback. rustc reports an unmet bound of these traits in words of ours.

use std::future::Pending;

use crate::fallible::{ByCall, ByValue};

/// The answer of an async function's `fallback`: the outcome, or a future of it. `How` tells the
/// two apart.
#[diagnostic::on_unimplemented(
    message = "a `fallback` must return what the function returns, `{R}`, or a future of it",
    label = "this returns `{Self}`"
)]
pub trait Answer<R, How> {
    /// The future that is awaited, if the answer is one.
    type Future: Future<Output = R>;

    /// Returns the answer, or the future of it.
    fn into_answer(self) -> Answered<R, Self::Future>;
}

/// The answer of an async function's fallback.
#[derive(Debug)]
pub enum Answered<R, F> {
    /// The answer is there.
    Now(R),
    /// The answer is to be awaited.
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

// This impl and the one above seem to hold for any type. If only one of the two seemed to match a
// type that is neither an outcome nor a future, rustc would choose that one and complain of its
// bounds.
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
    /// Returns the same value.
    fn same(self) -> R;
}

impl<R> Same<R> for R {
    #[inline]
    fn same(self) -> R {
        self
    }
}
