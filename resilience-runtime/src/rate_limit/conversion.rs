//! From the refusal of a used-up rate limit to the error of the user's function.

use super::error::RateLimited;

/// An error type that the refusal of a used-up rate limit converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of a used-up rate limit",
    label = "this error type has no conversion from `resilience::RateLimited`",
    note = "either give it one: `impl From<resilience::RateLimited> for {Self} {{ fn from(limited: resilience::RateLimited) -> Self {{ … }} }}`",
    note = "or say how on the attribute: `#[rate_limit(100, per = 1s, error = |limited| …)]`"
)]
pub trait FromRateLimited: Sized {
    /// Converts the refusal.
    fn from(limited: RateLimited) -> Self;
}

// Without this attribute, rustc blames the `From` behind the trait, and the user sees none of the
// words above.
#[diagnostic::do_not_recommend]
impl<E: From<RateLimited>> FromRateLimited for E {
    #[inline]
    fn from(limited: RateLimited) -> Self {
        limited.into()
    }
}
