//! The futures of a rate limit.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{config::RateLimitConfig, error::RateLimited, handle::RateLimit, turn::Turn};
use crate::{clock, operation::Operation};

pin_project! {
    /// Runs a future when its turn has come.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct RateLimitFuture<'l, F> {
        turn: Turn<'l>,
        #[pin]
        future: F,
    }
}

impl<'l, F> RateLimitFuture<'l, F> {
    #[inline]
    pub fn new(
        limit: &'l RateLimit,
        config: &RateLimitConfig,
        operation: &'static Operation,
        future: F,
    ) -> Self {
        let max_wait = clock::nanos(config.get_max_wait());
        Self {
            turn: Turn::new(limit.shared(), max_wait, Some(operation)),
            future,
        }
    }
}

impl<F: Future> Future for RateLimitFuture<'_, F> {
    type Output = Result<F::Output, RateLimited>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Err(limited) = ready!(this.turn.poll(cx)) {
            return Poll::Ready(Err(limited));
        }
        this.future.poll(cx).map(Ok)
    }
}

impl<F> fmt::Debug for RateLimitFuture<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitFuture").finish_non_exhaustive()
    }
}
