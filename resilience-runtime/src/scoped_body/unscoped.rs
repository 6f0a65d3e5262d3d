//! The body of a function in a runtime without scopes.

use super::{body_run::BodyRun, injectable::Injectable};
use crate::operation::Operation;

/// Returns the future of the body as it is.
pub fn scoped_body<F: Future, T>(
    _: &'static Operation,
    _: BodyRun,
    _: Injectable<F::Output>,
    body: F,
    _: T,
) -> F {
    body
}

/// Runs the body.
pub fn scoped_body_blocking<R, T>(
    _: &'static Operation,
    _: BodyRun,
    _: Injectable<R>,
    body: impl FnOnce() -> R,
    _: T,
) -> R {
    body()
}
