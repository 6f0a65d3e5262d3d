//! From the refusal of an open circuit to the error of the user's function.

use super::error::CircuitOpen;

/// An error type that the refusal of an open circuit converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of an open circuit",
    label = "this error type has no conversion from `resilience::CircuitOpen`",
    note = "either give it one: `impl From<resilience::CircuitOpen> for {Self} {{ fn from(open: resilience::CircuitOpen) -> Self {{ … }} }}`",
    note = "or say how on the attribute: `#[circuit_breaker(error = |open| …)]`"
)]
pub trait FromCircuitOpen: Sized {
    /// Converts the refusal.
    fn from(open: CircuitOpen) -> Self;
}

// Without this attribute, rustc blames the `From` behind the trait, and the user sees none of the
// words above.
#[diagnostic::do_not_recommend]
impl<E: From<CircuitOpen>> FromCircuitOpen for E {
    #[inline]
    fn from(open: CircuitOpen) -> Self {
        open.into()
    }
}
