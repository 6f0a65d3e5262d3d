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

use crate::error_slot::{Boxed, NotSent, Nowhere};
use crate::refusal::Origin;
use crate::show::Shown;

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

/// The answer of the lookup: `V` is a [`View`] and `S` the [`Slot`](crate::error_slot::Slot) that a
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
mod tests {
    use super::*;
    use core::fmt;
    use std::rc::Rc;
    use std::sync::Arc;

    use crate::error_slot::Slot;
    use crate::refusal::{Refusal, RefusalKind};

    fn shown_by<T, E, V: View<E>, S>(outcome: &Result<T, E>, _: &Traits<V, S>) -> String {
        match outcome {
            Ok(_) => unreachable!("it is an error"),
            Err(error) => V::show(error).to_string(),
        }
    }

    fn origin_by<T, E, V: View<E>, S>(outcome: &Result<T, E>, _: &Traits<V, S>) -> Origin {
        match outcome {
            Ok(_) => unreachable!("it is an error"),
            Err(error) => V::origin(error),
        }
    }

    fn is_kept_by<T, E, V, S: Slot<E> + Default>(outcome: Result<T, E>, _: &Traits<V, S>) -> bool {
        let mut slot = S::default();
        let Err(error) = outcome else {
            unreachable!("it is an error")
        };
        slot.put(error);
        slot.take().is_some()
    }

    /// Shows the error in the way of the expansion, where the type is known.
    macro_rules! shown {
        ($error:expr) => {{
            let outcome: Result<(), _> = Err($error);
            shown_by(&outcome, &Inspect::of(&outcome).__traits())
        }};
    }

    macro_rules! origin {
        ($error:expr) => {{
            let outcome: Result<(), _> = Err($error);
            origin_by(&outcome, &Inspect::of(&outcome).__traits())
        }};
    }

    macro_rules! is_kept {
        ($error:expr) => {
            is_kept!($error, __traits)
        };
        ($error:expr, $traits:ident) => {{
            let outcome: Result<(), _> = Err($error);
            let traits = Inspect::of(&outcome).$traits();
            is_kept_by(outcome, &traits)
        }};
    }

    #[derive(Clone, Debug)]
    struct Both;

    impl Display for Both {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("both, displayed")
        }
    }

    impl Error for Both {}

    #[derive(Debug)]
    struct OnlyDebug {
        #[expect(dead_code, reason = "read by Debug")]
        code: u16,
    }

    struct Neither;

    static REFUSAL: Refusal = Refusal::new(RefusalKind::CircuitOpen, "the circuit is open");

    /// An error that holds a refusal.
    #[derive(Debug)]
    struct Refused<'t>(&'t str);

    impl Display for Refused<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Refused<'_> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&REFUSAL)
        }
    }

    #[test]
    fn display_is_preferred() {
        assert_eq!(shown!(Both), "both, displayed");
        assert_eq!(shown!(String::from("text")), "text");
        assert_eq!(shown!("text"), "text");
        assert_eq!(shown!(&&Both), "both, displayed");
        assert_eq!(
            shown!(Rc::new(Neither)),
            core::any::type_name::<Rc<Neither>>()
        );
    }

    #[test]
    fn debug_comes_second() {
        assert_eq!(shown!(OnlyDebug { code: 503 }), "OnlyDebug { code: 503 }");
        assert_eq!(shown!(()), "()");
        assert_eq!(shown!(Some("text")), "Some(\"text\")");
        assert_eq!(shown!(Some(Rc::new(1))), "Some(1)");
    }

    #[test]
    fn the_type_name_comes_last() {
        assert_eq!(shown!(Neither), core::any::type_name::<Neither>());
        // A bound that fails deeper inside the type falls through as well.
        assert_eq!(
            shown!(Some(Neither)),
            core::any::type_name::<Option<Neither>>()
        );
    }

    #[test]
    fn errors_behind_dyn_are_displayed() {
        let boxed: Box<dyn Error> = Box::new(Both);
        let sendable: Box<dyn Error + Send + Sync> = Box::new(Both);
        let counted: Rc<dyn Error> = Rc::new(Both);
        assert_eq!(shown!(boxed), "both, displayed");
        assert_eq!(shown!(sendable), "both, displayed");
        assert_eq!(shown!(counted), "both, displayed");
    }

    #[test]
    fn a_refusal_is_found_in_whatever_is_or_derefs_to_an_error() {
        let boxed: Box<dyn Error> = Box::new(Refused("refused"));
        let sendable: Box<dyn Error + Send + Sync> = Box::new(Refused("refused"));
        let text = String::from("borrowed");
        assert_eq!(origin!(Refused("refused")), Origin::Refused);
        assert_eq!(origin!(&Refused("refused")), Origin::Refused);
        assert_eq!(origin!(Refused(&text)), Origin::Refused);
        assert_eq!(origin!(boxed), Origin::Refused);
        assert_eq!(origin!(sendable), Origin::Refused);
        let sendable: Box<dyn Error + Send + Sync> = Box::new(Refused("refused"));
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(Refused("refused"));
        assert_eq!(origin!(shared), Origin::Refused);
        assert_eq!(origin!(Arc::new(Refused("refused"))), Origin::Refused);
        assert_eq!(origin!(Arc::new(sendable)), Origin::Refused);
        assert_eq!(origin!(Both), Origin::Body);
        assert_eq!(origin!(Box::<dyn Error>::from("text")), Origin::Body);
        assert_eq!(origin!("text"), Origin::Body);
        assert_eq!(origin!(OnlyDebug { code: 503 }), Origin::Body);
        assert_eq!(origin!(Neither), Origin::Body);
    }

    #[test]
    fn an_error_is_kept_in_a_future_if_it_is_send_and_can_hold_a_refusal() {
        assert!(is_kept!(Both));
        assert!(is_kept!(Box::<dyn Error + Send + Sync>::from("text")));
        assert!(is_kept!(Arc::new(Box::<dyn Error + Send + Sync>::from(
            "text"
        ))));
        assert!(!is_kept!(Box::<dyn Error>::from("text")));
        assert!(!is_kept!(Rc::<dyn Error>::from(Box::<dyn Error>::from(
            "text"
        ))));
        assert!(!is_kept!("text"));
        assert!(!is_kept!(OnlyDebug { code: 503 }));
        assert!(!is_kept!(Neither));
        assert!(!is_kept!(Rc::new(1)));
    }

    #[test]
    fn above_a_circuit_an_error_is_kept_if_it_is_send() {
        assert!(is_kept!(Both, __traits_in_stack));
        assert!(is_kept!("text", __traits_in_stack));
        assert!(is_kept!(OnlyDebug { code: 503 }, __traits_in_stack));
        assert!(is_kept!(Neither, __traits_in_stack));
        assert!(!is_kept!(Rc::new(1), __traits_in_stack));
        assert!(!is_kept!(Some(Rc::new(1)), __traits_in_stack));
        assert!(!is_kept!(Rc::new(Neither), __traits_in_stack));
        assert!(!is_kept!(Box::<dyn Error>::from("text"), __traits_in_stack));
    }

    fn generic<E>(error: E) -> String {
        shown!(error)
    }

    fn generic_debug<E: Debug>(error: E) -> String {
        shown!(error)
    }

    fn generic_display<E>(error: E) -> String
    where
        E: Display,
    {
        shown!(error)
    }

    fn generic_error<E: Error>(error: E) -> String {
        shown!(error)
    }

    fn generic_origin<E: Error>(error: E) -> Origin {
        origin!(error)
    }

    #[test]
    fn a_generic_error_is_shown_by_what_its_bounds_promise() {
        assert_eq!(generic(Both), core::any::type_name::<Both>());
        assert_eq!(generic_debug(Both), "Both");
        assert_eq!(generic_display(Both), "both, displayed");
        assert_eq!(generic_error(Both), "both, displayed");
        assert_eq!(generic_origin(Refused("refused")), Origin::Refused);
    }

    #[test]
    fn the_users_own_blanket_trait_does_not_come_in_between() {
        trait Blanket {
            fn __traits(&self) -> u8 {
                0
            }
        }
        impl<T: ?Sized> Blanket for T {}
        assert_eq!(shown!(Both), "both, displayed");
        assert_eq!(Blanket::__traits(&Both), 0);
    }
}
