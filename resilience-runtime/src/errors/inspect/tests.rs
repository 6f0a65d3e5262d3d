use super::*;
use core::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::super::error_slot::Slot;
use super::super::refusal::{Refusal, RefusalKind};

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
