//! The future of a call of an annotated function.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{admission::Admission, config::BulkheadConfig, error::BulkheadFull, handle::Bulkhead};
use crate::{clock, operation::Operation};

pin_project! {
    /// Runs a future in a slot of a bulkhead.
    ///
    /// The slot is free again when this is dropped, after the future is.
    #[doc(hidden)]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct BulkheadFuture<'b, F> {
        // The fields are dropped in this order.
        #[pin]
        future: F,
        admission: Admission<'b>,
    }
}

impl<'b, F> BulkheadFuture<'b, F> {
    #[inline]
    pub fn new(
        bulkhead: &'b Bulkhead,
        config: &BulkheadConfig,
        operation: &'static Operation,
        future: F,
    ) -> Self {
        let max_wait = clock::nanos(config.get_max_wait());
        Self {
            future,
            admission: Admission::new(bulkhead.shared(), max_wait, Some(operation)),
        }
    }
}

impl<F: Future> Future for BulkheadFuture<'_, F> {
    type Output = Result<F::Output, BulkheadFull>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Err(full) = ready!(this.admission.poll(cx)) {
            return Poll::Ready(Err(full));
        }
        this.future.poll(cx).map(Ok)
    }
}
