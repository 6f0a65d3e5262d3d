//! The types of which a test can inject values.
//!
//! A test gives a value as `Box<dyn Any>`, so the function's type must be `'static`. rustc does not
//! tell that to a lookup of methods, because a lookup knows no lifetimes. The expansion therefore
//! looks nothing up for a type that is written with a lifetime or a type parameter. The type
//! parameters of the `impl` around a method are unknown to it. The lookup refuses them by the bound
//! `Unpin`, which nearly every type satisfies, and a type parameter only if its bounds say so.

use std::{any::Any, marker::PhantomData, ops::Deref};

use crate::fallible::{Fallible, Success};

/// Makes the outcome of the function of the value or the error of a test. A value of another type
/// comes back.
pub(super) type Take<R> = fn(Box<dyn Any>) -> Result<R, Box<dyn Any>>;

/// The values that a test can inject into a function with the outcome `R`.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "test-util"),
    expect(dead_code, reason = "a scope reads the fields, and there is none")
)]
pub struct Injectable<R> {
    /// `None` if the error type has, or may have, a lifetime or a type parameter.
    pub(super) error: Option<Take<R>>,
    /// `None` if the type of the value has, or may have, a lifetime or a type parameter.
    pub(super) value: Option<Take<R>>,
}

impl<R> Injectable<R> {
    /// Puts the results of the two lookups together.
    pub const fn of(error: Option<Take<R>>, value: Option<Take<R>>) -> Self {
        Self { error, value }
    }
}

/// Looks up if the error of the outcome `R` can be injected: `ErrorProbe::<R>::new().__take()`.
#[derive(Debug)]
pub struct ErrorProbe<R>(NoProbe<R>);

/// Looks up if the value of the outcome `R` can be injected.
#[derive(Debug)]
pub struct ValueProbe<R>(NoProbe<R>);

/// The second step of both lookups, which answers for every type.
#[derive(Debug)]
pub struct NoProbe<R>(PhantomData<fn() -> R>);

impl<R> NoProbe<R> {
    #[doc(hidden)]
    #[expect(clippy::unused_self, reason = "the lookup goes by its type")]
    pub fn __take(&self) -> Option<Take<R>> {
        None
    }
}

impl<R> ErrorProbe<R> {
    /// Begins the lookup.
    #[expect(clippy::new_without_default, reason = "it is a step of a lookup")]
    pub const fn new() -> Self {
        Self(NoProbe(PhantomData))
    }
}

impl<R> ValueProbe<R> {
    /// Begins the lookup.
    #[expect(clippy::new_without_default, reason = "it is a step of a lookup")]
    pub const fn new() -> Self {
        Self(NoProbe(PhantomData))
    }
}

impl<R: Fallible<Error: Unpin + 'static>> ErrorProbe<R> {
    #[doc(hidden)]
    pub fn __take(&self) -> Option<Take<R>> {
        Some(|given| given.downcast().map(|error| R::failed(*error)))
    }
}

impl<R: Fallible<Value: Unpin + 'static>> ValueProbe<R> {
    #[doc(hidden)]
    pub fn __take(&self) -> Option<Take<R>> {
        Some(|given| given.downcast().map(|value| R::of_value(Success(*value))))
    }
}

impl<R> Deref for ErrorProbe<R> {
    type Target = NoProbe<R>;

    fn deref(&self) -> &NoProbe<R> {
        &self.0
    }
}

impl<R> Deref for ValueProbe<R> {
    type Target = NoProbe<R>;

    fn deref(&self) -> &NoProbe<R> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomPinned;

    use super::*;

    #[test]
    fn types_are_found_and_type_parameters_are_refused() {
        fn of_parameter<T>() -> bool {
            ValueProbe::<Result<T, u8>>::new().__take().is_some()
        }
        assert!(ErrorProbe::<Result<u8, String>>::new().__take().is_some());
        assert!(ValueProbe::<Result<u8, String>>::new().__take().is_some());
        assert!(
            ValueProbe::<Result<PhantomPinned, u8>>::new()
                .__take()
                .is_none()
        );
        assert!(!of_parameter::<u8>(), "it is a type parameter there");
    }

    #[test]
    fn a_value_of_another_type_comes_back() {
        let take = ErrorProbe::<Result<u8, String>>::new()
            .__take()
            .expect("static");
        assert_eq!(
            take(Box::new(String::from("down"))).ok(),
            Some(Err("down".into()))
        );
        let back = take(Box::new(7_u8)).expect_err("another type");
        assert_eq!(back.downcast_ref(), Some(&7_u8));
    }
}
