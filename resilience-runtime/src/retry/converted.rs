//! `clone(…)` of `#[retry]`: an argument that is only known to become another type
//! (`impl Into<String>`) cannot be cloned. It is converted once, in front of the first attempt, and
//! each attempt gets a clone of what it became.
//!
//! If the other type cannot be cloned, the argument stays as it is. Method lookup decides that, as
//! for `CloneIfPossible`.

use core::marker::PhantomData;
use core::ops::Deref;

/// The entry of the lookup. It answers for types that are `Clone`.
#[derive(Debug)]
pub struct ConvertIfClone<U>(LeaveUnconverted<U>);

/// The second step of the lookup. It answers for every type.
#[derive(Debug)]
pub struct LeaveUnconverted<U>(PhantomData<fn() -> U>);

impl<U> ConvertIfClone<U> {
    /// Starts the lookup for the type that the argument becomes.
    #[expect(
        clippy::new_without_default,
        reason = "the expansion is the only caller"
    )]
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self(LeaveUnconverted(PhantomData))
    }
}

impl<U: Clone> ConvertIfClone<U> {
    /// The return type is opaque, so that the compiler knows what an `into()` in the body makes of
    /// it: every type converts into itself, and many types convert into others.
    #[doc(hidden)]
    #[inline]
    pub fn __convert<T: Into<U>>(&self, argument: T) -> impl Into<U> + Clone + use<T, U> {
        argument.into()
    }
}

impl<U> LeaveUnconverted<U> {
    #[doc(hidden)]
    #[expect(
        clippy::unused_self,
        reason = "the type is looked up, as in `ConvertIfClone`"
    )]
    #[inline]
    pub fn __convert<T>(&self, argument: T) -> T {
        argument
    }
}

impl<U> Deref for ConvertIfClone<U> {
    type Target = LeaveUnconverted<U>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_converted_if_what_it_becomes_can_be_cloned() {
        let converted = ConvertIfClone::<String>::new().__convert("text");
        let text = converted.clone().into();
        assert_eq!(text + &converted.into(), "texttext");
    }

    #[test]
    fn another_argument_stays_as_it_is() {
        #[derive(Debug, PartialEq)]
        struct NotClone(u8);

        impl From<u8> for NotClone {
            fn from(number: u8) -> Self {
                Self(number)
            }
        }

        let number: u8 = ConvertIfClone::<NotClone>::new().__convert(7);
        assert_eq!(NotClone::from(number), NotClone(7));
    }
}
