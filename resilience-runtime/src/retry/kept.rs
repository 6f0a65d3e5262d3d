//! `clone(..)` of `#[retry]` clones the arguments that can be cloned. The body borrows the others.
//!
//! No bound can ask whether a type is `Clone`, so method lookup decides where the type is known, in
//! the expansion: `CloneIfPossible::of(&argument).__keep(..)` finds the first of two methods of
//! that name with a bound that holds.
//!
//! Setting an argument again behind an attempt makes the compiler forget that the attempt moved it.
//! That must not happen to an argument without a clone. So the expansion has two branches, and in
//! the one that does not fit the type it calls a function that returns [`Infallible`]: the compiler
//! takes the code after it for unreachable, and then finds a moved argument by its name.

use core::borrow::Borrow;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::ops::Deref;

use super::clones::{self, RetryArgument};
use super::config::RetryConfig;
use super::state::Retry;

/// The entry of the lookup. It answers for types that are `Clone`.
#[derive(Debug)]
pub struct CloneIfPossible<T>(LeaveInPlace<T>);

/// The second step of the lookup. It answers for every type.
#[derive(Debug)]
pub struct LeaveInPlace<T>(PhantomData<fn() -> T>);

impl<T> CloneIfPossible<T> {
    /// Takes the argument's type for the lookup.
    #[inline]
    pub fn of(_: &T) -> Self {
        Self(LeaveInPlace(PhantomData))
    }
}

impl<T: Clone> CloneIfPossible<T> {
    #[doc(hidden)]
    #[inline]
    pub fn __keep(&self, argument: &mut T) -> Original<T> {
        Original(Some(clones::keep(argument.again(), argument)))
    }

    /// Makes a clone that one of several attempts owns.
    #[doc(hidden)]
    #[inline]
    pub fn __for_attempt(&self, argument: &T) -> T {
        argument.clone()
    }

    #[doc(hidden)]
    #[inline]
    pub fn __keep_unless_last<C: Borrow<RetryConfig>, S>(
        &self,
        argument: &mut T,
        retry: &Retry<C, S>,
    ) -> Original<T> {
        let clone = argument.again_unless_last(retry);
        Original(clones::keep_unless_last(clone, argument))
    }
}

#[expect(
    clippy::unused_self,
    reason = "the type is looked up, as in `CloneIfPossible`"
)]
impl<T> LeaveInPlace<T> {
    #[doc(hidden)]
    #[inline]
    pub fn __keep(&self, _: &mut T) -> InPlace<T> {
        InPlace(PhantomData)
    }

    /// Lends the argument to one of several attempts.
    #[doc(hidden)]
    #[inline]
    pub fn __for_attempt<'a>(&self, argument: &'a T) -> &'a T {
        argument
    }

    #[doc(hidden)]
    #[inline]
    pub fn __keep_unless_last<C: Borrow<RetryConfig>, S>(
        &self,
        _: &mut T,
        _: &Retry<C, S>,
    ) -> InPlace<T> {
        InPlace(PhantomData)
    }
}

impl<T> Deref for CloneIfPossible<T> {
    type Target = LeaveInPlace<T>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Says if an attempt was given a clone of an argument.
pub trait Kept {
    /// The argument's type.
    type Argument;
    /// This type has no value, unless a clone was given.
    type IfCloned;
    /// This type has no value, if a clone was given.
    type IfInPlace;

    /// Decides between the two branches.
    fn is_cloned(&self) -> bool;

    /// The expansion calls it first in the branch that sets the argument again.
    fn in_cloned_branch(&self) -> Self::IfCloned;

    /// The expansion calls it in the other branch.
    fn in_place_branch(&self) -> Self::IfInPlace;

    /// Returns the argument for the next attempt.
    fn original(self) -> Self::Argument;
}

/// The original of an argument. The attempt got a clone of it, and the last attempt got the
/// original.
#[derive(Debug)]
pub struct Original<T>(Option<T>);

/// An argument that cannot be cloned.
#[derive(Debug)]
pub struct InPlace<T>(PhantomData<fn() -> T>);

impl<T> Kept for Original<T> {
    type Argument = T;
    type IfCloned = ();
    type IfInPlace = Infallible;

    #[inline]
    fn is_cloned(&self) -> bool {
        true
    }

    #[inline]
    fn in_cloned_branch(&self) {}

    #[inline]
    fn in_place_branch(&self) -> Infallible {
        unreachable!("the argument was cloned")
    }

    #[inline]
    fn original(self) -> T {
        clones::kept(self.0)
    }
}

impl<T> Kept for InPlace<T> {
    type Argument = T;
    type IfCloned = Infallible;
    type IfInPlace = ();

    #[inline]
    fn is_cloned(&self) -> bool {
        false
    }

    #[inline]
    fn in_cloned_branch(&self) -> Infallible {
        unreachable!("the argument was not cloned")
    }

    #[inline]
    fn in_place_branch(&self) {}

    #[inline]
    fn original(self) -> T {
        unreachable!("the argument was not cloned")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_is_clone_is_cloned_and_another_one_stays_in_place() {
        struct NotClone;
        let mut text = "text".to_owned();
        let kept = CloneIfPossible::of(&text).__keep(&mut text);
        assert!(kept.is_cloned());
        text.push('s');
        assert_eq!(kept.original(), "text");

        let mut argument = NotClone;
        let kept = CloneIfPossible::of(&argument).__keep(&mut argument);
        assert!(!kept.is_cloned());
    }

    #[test]
    fn the_bounds_of_a_type_parameter_decide() {
        fn bounded<T: Clone>(mut argument: T) -> bool {
            CloneIfPossible::of(&argument)
                .__keep(&mut argument)
                .is_cloned()
        }
        fn unbounded<T>(mut argument: T) -> bool {
            CloneIfPossible::of(&argument)
                .__keep(&mut argument)
                .is_cloned()
        }
        assert!(bounded(1));
        assert!(!unbounded(1));
    }
}
