//! From the refusal of a full bulkhead to the error of the user's function.

use super::error::BulkheadFull;

/// An error type that the refusal of a full bulkhead converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of a full bulkhead",
    label = "this error type has no conversion from `resilience::BulkheadFull`",
    note = "either give it one: `impl From<resilience::BulkheadFull> for {Self} {{ fn from(full: resilience::BulkheadFull) -> Self {{ … }} }}`",
    note = "or say how on the attribute: `#[bulkhead(25, error = |full| …)]`"
)]
pub trait FromBulkheadFull: Sized {
    /// Converts the refusal.
    fn from(full: BulkheadFull) -> Self;
}

// Without this attribute, rustc blames the `From` behind the trait, and the user sees none of the
// words above.
#[diagnostic::do_not_recommend]
impl<E: From<BulkheadFull>> FromBulkheadFull for E {
    #[inline]
    fn from(full: BulkheadFull) -> Self {
        full.into()
    }
}
