//! The future of a call in a slot of a bulkhead.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use resilience::{BulkheadFull, OwnedBulkheadPermit};

use crate::error::BoxError;

pin_project! {
    /// The future of a [`BulkheadService`](crate::BulkheadService). The slot is free when this is
    /// done or dropped.
    #[must_use = "futures do nothing unless polled"]
    pub struct BulkheadResponseFuture<F> {
        #[pin]
        call: Call<F>,
    }
}

pin_project! {
    #[project = CallProjection]
    enum Call<F> {
        Admitted {
            // The future is dropped before the permit, because the call is over only then.
            #[pin]
            future: F,
            permit: Option<OwnedBulkheadPermit>,
        },
        Refused {
            full: Option<BulkheadFull>,
        },
    }
}

impl<F> BulkheadResponseFuture<F> {
    pub(crate) fn admitted(future: F, permit: OwnedBulkheadPermit) -> Self {
        let permit = Some(permit);
        Self {
            call: Call::Admitted { future, permit },
        }
    }

    pub(crate) fn refused(full: BulkheadFull) -> Self {
        Self {
            call: Call::Refused { full: Some(full) },
        }
    }
}

impl<F, Response, E> Future for BulkheadResponseFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().call.project() {
            CallProjection::Refused { full } => {
                let full = full.take().expect("polled after completion");
                Poll::Ready(Err(full.into()))
            }
            CallProjection::Admitted { future, permit } => {
                let result = ready!(future.poll(cx));
                // The caller may keep the finished future, and the call is over.
                *permit = None;
                Poll::Ready(result.map_err(Into::into))
            }
        }
    }
}

impl<F> fmt::Debug for BulkheadResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_admitted = matches!(self.call, Call::Admitted { .. });
        f.debug_struct("BulkheadResponseFuture")
            .field("is_admitted", &is_admitted)
            .finish_non_exhaustive()
    }
}
