//! From the error of a timeout to the error of the user's function.

use super::error::TimedOut;

/// An error type that an expired timeout converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of an expired timeout",
    label = "this error type has no conversion from `resilience::TimedOut`",
    note = "either give it one: `impl From<resilience::TimedOut> for {Self} {{ fn from(late: resilience::TimedOut) -> Self {{ … }} }}`",
    note = "or say how on the attribute: `#[timeout(5s, error = |late| …)]`"
)]
pub trait FromTimedOut: Sized {
    /// Converts the error of the timeout.
    fn from(late: TimedOut) -> Self;
}

// Without this attribute, rustc blames the `From` behind the trait, and the user sees none of the
// words above.
#[diagnostic::do_not_recommend]
impl<E: From<TimedOut>> FromTimedOut for E {
    #[inline]
    fn from(late: TimedOut) -> Self {
        late.into()
    }
}
