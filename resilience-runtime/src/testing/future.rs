//! A future that runs in a scope, whichever thread polls it.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::scope::ScopeState;

pin_project! {
    /// The future that [`Scope::run`](super::Scope::run) returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct ScopeFuture<F> {
        scope: &'static ScopeState,
        #[pin]
        future: F,
    }
}

impl<F> ScopeFuture<F> {
    pub(super) fn new(scope: &'static ScopeState, future: F) -> Self {
        Self { scope, future }
    }
}

impl<F: Future> Future for ScopeFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = this.scope.enter();
        this.future.poll(cx)
    }
}

// The future inside is left out, because few futures are `Debug`.
impl<F> fmt::Debug for ScopeFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeFuture").finish_non_exhaustive()
    }
}
