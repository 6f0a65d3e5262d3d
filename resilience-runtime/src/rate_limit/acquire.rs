//! The future of a caller by handle.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use super::{error::RateLimited, turn::Turn};

/// The future that [`RateLimit::acquire_async`](crate::RateLimit::acquire_async) returns.
#[must_use = "futures do nothing unless polled"]
pub struct RateLimitAcquire<'l>(Turn<'l>);

impl<'l> RateLimitAcquire<'l> {
    pub(super) fn new(turn: Turn<'l>) -> Self {
        Self(turn)
    }
}

impl Future for RateLimitAcquire<'_> {
    type Output = Result<(), RateLimited>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx)
    }
}

impl fmt::Debug for RateLimitAcquire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitAcquire").finish_non_exhaustive()
    }
}
