//! `clone(…)` of `#[fallback]`: the body may consume an argument that the fallback uses after it.

/// An argument that `clone(…)` names.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be cloned for the fallback",
    label = "`{Self}` is not `Clone`",
    note = "`clone(…)` of `#[fallback]` gives the body a clone of this argument, because the fallback uses the original after it",
    note = "derive or require `Clone`, share it in an `Arc`, or answer by a closure that does not use the argument"
)]
pub trait FallbackArgument: Sized {
    /// Makes a clone that the body may consume.
    #[must_use]
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> FallbackArgument for T {
    #[inline]
    fn again(&self) -> Self {
        self.clone()
    }
}
