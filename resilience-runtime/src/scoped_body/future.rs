//! The code around an async body.

use std::{
    fmt,
    marker::PhantomData,
    mem,
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{
    body_run::BodyRun,
    injectable::Injectable,
    run::{PanicGuard, Run},
};
use crate::{
    clock::create_timer,
    errors::{Traits, View},
    fallible::Fallible,
    operation::Operation,
};

/// The `Result` of a future's output.
type ResultOf<F> =
    Result<<<F as Future>::Output as Fallible>::Value, <<F as Future>::Output as Fallible>::Error>;

/// Puts the code of a scope around a body. `_traits` is not called: its type says how the error is
/// shown.
pub fn scoped_body<F, V, S>(
    operation: &'static Operation,
    run: BodyRun,
    injectable: Injectable<F::Output>,
    body: F,
    _traits: impl FnOnce(&ResultOf<F>) -> Traits<V, S>,
) -> ScopedBody<F, F::Output, V>
where
    F: Future<Output: Fallible>,
{
    ScopedBody {
        stage: Stage::Unbegun { operation, run },
        injectable,
        view: PhantomData,
        body,
    }
}

pin_project! {
    /// Runs the body, or what a test has injected into the run instead.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ScopedBody<F, R, V> {
        stage: Stage,
        injectable: Injectable<R>,
        // The body's future alone decides on the auto traits.
        view: PhantomData<fn() -> V>,
        #[pin]
        body: F,
    }
}

enum Stage {
    Unbegun {
        operation: &'static Operation,
        run: BodyRun,
    },
    Delayed(Delay, Run),
    Begun(Run),
    /// The body is polled. The run is `None` outside of a scope.
    Polled(Option<Run>),
}

// The stage is written before the body is polled, so a panic of the body leaves it whole.
impl UnwindSafe for Stage {}
impl RefUnwindSafe for Stage {}

/// With these auto traits the user's future has the traits that its body has.
type Delay = Pin<Box<dyn Future<Output = ()> + Send + Sync + UnwindSafe + RefUnwindSafe>>;

impl<F, V> Future for ScopedBody<F, F::Output, V>
where
    F: Future<Output: Fallible>,
    V: View<<F::Output as Fallible>::Error>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        loop {
            match this.stage {
                Stage::Unbegun { operation, run } => {
                    let run = Run::begin(operation.name(), *run);
                    *this.stage = run.map_or(Stage::Polled(None), begun);
                }
                Stage::Delayed(delay, _) => {
                    ready!(delay.as_mut().poll(cx));
                    *this.stage = match mem::replace(this.stage, Stage::Polled(None)) {
                        Stage::Delayed(_, run) => Stage::Begun(run),
                        other => other,
                    };
                }
                Stage::Begun(run) => {
                    if let Some(outcome) = run.injected(this.injectable) {
                        run.end_with::<_, V>(&outcome);
                        return Poll::Ready(outcome);
                    }
                    *this.stage = match mem::replace(this.stage, Stage::Polled(None)) {
                        Stage::Begun(run) => Stage::Polled(Some(run)),
                        other => other,
                    };
                }
                Stage::Polled(run) => {
                    let guard = PanicGuard(run.as_ref());
                    let polled = this.body.poll(cx);
                    mem::forget(guard);
                    let outcome = ready!(polled);
                    if let Some(run) = run {
                        run.end_with::<_, V>(&outcome);
                    }
                    return Poll::Ready(outcome);
                }
            }
        }
    }
}

/// The stage of a run that has just begun.
fn begun(run: Run) -> Stage {
    match run.take_delay() {
        None => Stage::Begun(run),
        Some(delay) => {
            let timer = create_timer(Some(run.operation()), || tokio::time::sleep(delay));
            // Nobody polls the delay again after a panic, because the panic drops it together with
            // its future.
            Stage::Delayed(Box::pin(AssertUnwindSafe(timer)), run)
        }
    }
}

impl<F, R, V> fmt::Debug for ScopedBody<F, R, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedBody").finish_non_exhaustive()
    }
}
