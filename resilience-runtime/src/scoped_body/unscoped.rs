//! The body of a function in a runtime without scopes.
//!
//! The bounds are those of the functions with scopes, because the closure that looks up the traits
//! of the error gets its type from them.

use super::{body_run::BodyRun, injectable::Injectable};
use crate::{errors::Traits, fallible::Fallible, operation::Operation};

/// Returns the future of the body as it is.
pub fn scoped_body<F, V, S>(
    _: &'static Operation,
    _: BodyRun,
    _: Injectable<F::Output>,
    body: F,
    _: impl FnOnce(
        &Result<<F::Output as Fallible>::Value, <F::Output as Fallible>::Error>,
    ) -> Traits<V, S>,
) -> F
where
    F: Future<Output: Fallible>,
{
    body
}

/// Runs the body.
pub fn scoped_body_blocking<R: Fallible, V, S>(
    _: &'static Operation,
    _: BodyRun,
    _: Injectable<R>,
    body: impl FnOnce() -> R,
    _: impl FnOnce(&Result<R::Value, R::Error>) -> Traits<V, S>,
) -> R {
    body()
}

#[cfg(test)]
mod tests {
    use std::{
        future::Ready,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::errors::Inspect;

    static FETCH: Operation = Operation::new("unscoped::fetch");

    #[test]
    fn an_expansion_that_asks_for_the_scope_works_with_a_runtime_without_the_feature() {
        let run = || Err::<(), _>(String::from("down"));
        let injectable = || Injectable::of(None, None);
        let body = std::future::ready(run());
        let same: Ready<_> = scoped_body(&FETCH, BodyRun::ONLY, injectable(), body, |outcome| {
            Inspect::of(outcome).__traits()
        });
        let polled = pin!(same).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(run()));
        let outcome = scoped_body_blocking(&FETCH, BodyRun::ONLY, injectable(), run, |outcome| {
            Inspect::of(outcome).__traits()
        });
        assert_eq!(outcome, run());
    }
}
