//! `clone(…)` of `#[hedge]`: each attempt has an argument of its own.

/// An argument that `clone(…)` names.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be cloned for another attempt",
    label = "`{Self}` is not `Clone`",
    note = "`clone(…)` of `#[hedge]` gives every attempt a clone of this argument",
    note = "derive or require `Clone`, share it in an `Arc`, or let `clone(…)` name only the arguments that the body consumes"
)]
pub trait HedgeArgument: Sized {
    /// Makes the clone of an attempt.
    #[must_use]
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> HedgeArgument for T {
    #[inline]
    fn again(&self) -> Self {
        self.clone()
    }
}

/// The clone of an argument on its way into an attempt. It is no `Copy` type, because an async
/// block would borrow a value of a `Copy` type instead of owning it.
#[derive(Debug)]
pub struct OwnedByAttempt<T>(T);

impl<T> OwnedByAttempt<T> {
    /// Takes the clone.
    #[inline]
    pub fn new(clone: T) -> Self {
        Self(clone)
    }

    /// Returns the clone in the attempt.
    #[inline]
    #[must_use]
    pub fn take(self) -> T {
        self.0
    }
}
