//! The traits of an error type, although no policy puts a bound on it. They decide how an error is
//! shown, if it can hold a refusal, and if a future that is sent to other threads may keep it.
//!
//! The expansion knows the type, so it looks the traits up there, by method lookup:
//! `Inspect::of(&error).__traits()` finds the first method of that name with bounds that hold. Each
//! method is one dereference further away than the one before. The methods are inherent, so that no
//! trait has to be in scope, and a blanket trait of the user's cannot come in between. They return
//! a type without size, so the answer costs nothing at run time.

use core::error::Error;
use core::fmt::{Debug, Display};
use core::marker::PhantomData;
use core::ops::Deref;

use super::error_slot::{Boxed, NotSent, Nowhere};
use super::{refusal::Origin, show::Shown};

/// Shows an error of type `E` and finds out its origin.
pub trait View<E> {
    /// True if an error of this type can hold a refusal.
    const HOLDS_REFUSALS: bool;

    /// Shows the error in a log line.
    fn show(error: &E) -> Shown<'_>;

    /// Returns the origin of the error, as far as its sources tell.
    fn origin(error: &E) -> Origin;
}

/// The type is an [`Error`], so the error's `source()` chain is walked.
#[derive(Debug)]
pub enum AsError {}

/// The type derefs to an [`Error`] and is none itself, like `Box<dyn Error>` and `anyhow::Error`.
#[derive(Debug)]
pub enum AsTarget {}

/// The type derefs to a type that derefs to an [`Error`], like `Arc<anyhow::Error>`. Errors that
/// several tasks share are often of such a type, so it is looked up for types that are `Send`, and
/// for no others: each step of the lookup is compiled for each function.
#[derive(Debug)]
pub enum AsTargetOfTarget {}

/// The type has only `Display`, so the error has no sources.
#[derive(Debug)]
pub enum AsDisplay {}

/// The type has only `Debug`, so the error has no sources.
#[derive(Debug)]
pub enum AsDebug {}

/// The type has neither `Display` nor `Debug`, so the error is shown by the name of the type.
#[derive(Debug)]
pub enum AsTypeName {}

impl<E: Error> View<E> for AsError {
    const HOLDS_REFUSALS: bool = true;

    fn show(error: &E) -> Shown<'_> {
        Shown::Display(error)
    }

    #[inline]
    fn origin(error: &E) -> Origin {
        Origin::of_source(error.source())
    }
}

impl<E: Display + Deref<Target: Error>> View<E> for AsTarget {
    const HOLDS_REFUSALS: bool = true;

    fn show(error: &E) -> Shown<'_> {
        Shown::Display(error)
    }

    #[inline]
    fn origin(error: &E) -> Origin {
        Origin::of_source((**error).source())
    }
}

impl<E: Display + Deref<Target: Deref<Target: Error>>> View<E> for AsTargetOfTarget {
    const HOLDS_REFUSALS: bool = true;

    fn show(error: &E) -> Shown<'_> {
        Shown::Display(error)
    }

    #[inline]
    fn origin(error: &E) -> Origin {
        Origin::of_source((***error).source())
    }
}

impl<E: Display> View<E> for AsDisplay {
    const HOLDS_REFUSALS: bool = false;

    fn show(error: &E) -> Shown<'_> {
        Shown::Display(error)
    }

    #[inline]
    fn origin(_: &E) -> Origin {
        Origin::Body
    }
}

impl<E: Debug> View<E> for AsDebug {
    const HOLDS_REFUSALS: bool = false;

    fn show(error: &E) -> Shown<'_> {
        Shown::Debug(error)
    }

    #[inline]
    fn origin(_: &E) -> Origin {
        Origin::Body
    }
}

impl<E> View<E> for AsTypeName {
    const HOLDS_REFUSALS: bool = false;

    fn show(error: &E) -> Shown<'_> {
        Shown::type_name(error)
    }

    #[inline]
    fn origin(_: &E) -> Origin {
        Origin::Body
    }
}

/// The answer of the lookup: `V` is a [`View`] and `S` the [`Slot`](super::error_slot::Slot) that a
/// future may have.
#[derive(Debug)]
pub struct Traits<V, S>(PhantomData<(V, S)>);

impl<V, S> Traits<V, S> {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

/// Defines the steps of the lookup: each has the method, and derefs to the next step. The second
/// method is for a retry above a circuit of its own stack, because there a layer can refuse
/// whatever the error type is.
macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident [$($bounds:tt)*] => $view:ident, $slot:ty, $stack:ty; $next:ident)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $step<E>($next<E>);

        impl<E: $($bounds)*> $step<E> {
            #[doc(hidden)]
            #[inline]
            pub fn __traits(&self) -> Traits<$view, $slot> {
                Traits::new()
            }

            #[doc(hidden)]
            #[inline]
            pub fn __traits_in_stack(&self) -> Traits<$view, $stack> {
                Traits::new()
            }
        }

        impl<E> Deref for $step<E> {
            type Target = $next<E>;

            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    )* };
}

steps! {
    /// The entry of the lookup.
    Inspect [Error + Send] => AsError, Boxed<E>, Boxed<E>; InspectLocalError
    /// The second step.
    InspectLocalError [Error] => AsError, NotSent, NotSent; InspectTarget
    /// The third step.
    InspectTarget [Display + Deref<Target: Error> + Send] => AsTarget, Boxed<E>, Boxed<E>; InspectLocalTarget
    /// The fourth step.
    InspectLocalTarget [Display + Deref<Target: Error>] => AsTarget, NotSent, NotSent; InspectTargetOfTarget
    /// The fifth step.
    InspectTargetOfTarget [Display + Deref<Target: Deref<Target: Error>> + Send] => AsTargetOfTarget, Boxed<E>, Boxed<E>; InspectDisplay
    /// The sixth step.
    InspectDisplay [Display + Send] => AsDisplay, Nowhere, Boxed<E>; InspectLocalDisplay
    /// The seventh step.
    InspectLocalDisplay [Display] => AsDisplay, Nowhere, NotSent; InspectDebug
    /// The eighth step.
    InspectDebug [Debug + Send] => AsDebug, Nowhere, Boxed<E>; InspectLocalDebug
    /// The ninth step.
    InspectLocalDebug [Debug] => AsDebug, Nowhere, NotSent; InspectAny
    /// The tenth step.
    InspectAny [Send] => AsTypeName, Nowhere, Boxed<E>; InspectLocalAny
}

/// The last step. It answers for every type.
#[derive(Debug)]
pub struct InspectLocalAny<E>(PhantomData<E>);

impl<E> InspectLocalAny<E> {
    #[doc(hidden)]
    #[inline]
    #[expect(clippy::unused_self, reason = "the lookup goes by its type")]
    pub fn __traits(&self) -> Traits<AsTypeName, Nowhere> {
        Traits::new()
    }

    #[doc(hidden)]
    #[inline]
    #[expect(clippy::unused_self, reason = "the lookup goes by its type")]
    pub fn __traits_in_stack(&self) -> Traits<AsTypeName, NotSent> {
        Traits::new()
    }
}

impl<E> Inspect<E> {
    /// Takes the error's type for the lookup from the outcome that holds the error.
    #[inline]
    pub fn of<T>(_: &Result<T, E>) -> Self {
        Self::entry()
    }

    /// Takes the error's type for the lookup from the error.
    #[inline]
    pub fn of_error(_: &E) -> Self {
        Self::entry()
    }

    #[inline]
    fn entry() -> Self {
        macro_rules! nested {
            ($step:ident $($rest:ident)*) => { $step(nested!($($rest)*)) };
            () => { PhantomData };
        }
        nested!(
            Inspect InspectLocalError InspectTarget InspectLocalTarget InspectTargetOfTarget
            InspectDisplay InspectLocalDisplay InspectDebug InspectLocalDebug InspectAny
            InspectLocalAny
        )
    }
}

#[cfg(test)]
mod tests;
