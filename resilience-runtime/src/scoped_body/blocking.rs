//! The code around a sync body.

use std::{mem, thread};

use super::{
    body_run::BodyRun,
    injectable::Injectable,
    run::{PanicGuard, Run},
};
use crate::{
    errors::{Traits, View},
    fallible::Fallible,
    operation::Operation,
};

/// Runs the body, or what a test has injected into the run instead. `_traits` is not called: its
/// type says how the error is shown.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the future of an async body owns it"
)]
pub fn scoped_body_blocking<R: Fallible, V: View<R::Error>, S>(
    operation: &'static Operation,
    run: BodyRun,
    injectable: Injectable<R>,
    body: impl FnOnce() -> R,
    _traits: impl FnOnce(&Result<R::Value, R::Error>) -> Traits<V, S>,
) -> R {
    let Some(run) = Run::begin(operation.name(), run) else {
        return body();
    };
    if let Some(delay) = run.take_delay() {
        thread::sleep(delay);
    }
    let outcome = run.injected(&injectable).unwrap_or_else(|| {
        let guard = PanicGuard(Some(&run));
        let outcome = body();
        mem::forget(guard);
        outcome
    });
    run.end_with::<R, V>(&outcome);
    outcome
}
