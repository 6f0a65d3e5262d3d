//! `clone(…)` of `#[retry]`: the body may consume an argument, because the next attempt gets the
//! original.

use super::config::RetryConfig;
use super::state::Retry;
use core::borrow::Borrow;
use core::mem;

/// An argument that `clone(…)` names.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be cloned for another attempt",
    label = "`{Self}` is not `Clone`",
    note = "`clone(…)` of `#[retry]` gives every attempt a clone of this argument, except the last one that can be made",
    note = "derive or require `Clone`, share it in an `Arc`, or let `clone(…)` name only the arguments that the body consumes"
)]
pub trait RetryArgument: Sized {
    /// Makes a clone that an attempt may consume.
    #[must_use]
    fn again(&self) -> Self;

    /// Makes a clone if another attempt may follow, because the last attempt gets the original.
    #[inline]
    fn again_unless_last<C: Borrow<RetryConfig>, S>(&self, retry: &Retry<C, S>) -> Option<Self> {
        retry.has_attempts_left().then(|| self.again())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone> RetryArgument for T {
    #[inline]
    fn again(&self) -> Self {
        self.clone()
    }
}

/// Puts the clone in the argument's place and returns the original.
#[inline]
#[must_use]
pub fn keep<T>(clone: T, argument: &mut T) -> T {
    mem::replace(argument, clone)
}

/// Does the same as [`keep`] if there is a clone.
#[inline]
#[must_use]
pub fn keep_unless_last<T>(clone: Option<T>, argument: &mut T) -> Option<T> {
    clone.map(|clone| keep(clone, argument))
}

/// Returns the original for the next attempt.
///
/// # Panics
///
/// If there is no original, because no attempt follows the last one.
#[inline]
#[must_use]
pub fn kept<T>(original: Option<T>) -> T {
    match original {
        Some(original) => original,
        None => unreachable!("no attempt follows the last one"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ended_attempt::EndedAttempt;
    use super::*;
    use crate::errors::Inspect;
    use crate::operation::Operation;
    use std::sync::Arc;

    #[test]
    fn an_attempt_gets_a_clone_and_the_last_one_the_original() {
        let original = Arc::new("text");
        let mut argument = Arc::clone(&original);
        let config = RetryConfig::new()
            .max_retries(1)
            .base_delay(core::time::Duration::ZERO);
        let mut retry = Retry::new(&config);

        let first = keep_unless_last(argument.again_unless_last(&retry), &mut argument);
        assert_eq!(
            Arc::strong_count(&original),
            3,
            "the original and its clone"
        );
        argument = kept(first);
        assert_eq!(Arc::strong_count(&original), 2);

        let outcome = Err::<(), _>("down");
        let traits = Inspect::of(&outcome).__traits();
        let none =
            EndedAttempt::failed(&mut retry, traits, outcome).last::<()>(&Operation::new("call"));
        assert!(none.is_none(), "another attempt follows");
        assert!(keep_unless_last(argument.again_unless_last(&retry), &mut argument).is_none());
        assert_eq!(Arc::strong_count(&original), 2);
    }
}
