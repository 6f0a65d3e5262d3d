//! The future of a call through a circuit.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use resilience::{CircuitOpen, OwnedPermit};

use crate::{
    error::BoxError,
    verdict::{Filters, Verdict},
};

pin_project! {
    /// The future of a [`CircuitBreakerService`](crate::CircuitBreakerService).
    ///
    /// A call that is dropped before it is done counts as `abandoned`, and one that panics counts
    /// as a failure.
    #[must_use = "futures do nothing unless polled"]
    pub struct CircuitBreakerResponseFuture<F, Response> {
        #[pin]
        call: Call<F, Response>,
    }
}

pin_project! {
    #[project = CallProjection]
    enum Call<F, Response> {
        Admitted {
            // The future is dropped before the permit, because the call is over only then.
            #[pin]
            future: F,
            filters: Arc<Filters<Response>>,
            // `None` while the future is polled and after its end.
            permit: Option<OwnedPermit>,
        },
        Refused {
            open: Option<CircuitOpen>,
        },
    }
}

impl<F, Response> CircuitBreakerResponseFuture<F, Response> {
    pub(crate) fn admitted(
        future: F,
        permit: OwnedPermit,
        filters: Arc<Filters<Response>>,
    ) -> Self {
        let call = Call::Admitted {
            future,
            filters,
            permit: Some(permit),
        };
        Self { call }
    }

    pub(crate) fn refused(open: CircuitOpen) -> Self {
        let call = Call::Refused { open: Some(open) };
        Self { call }
    }
}

impl<F, Response, E> Future for CircuitBreakerResponseFuture<F, Response>
where
    F: Future<Output = Result<Response, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().call.project() {
            CallProjection::Refused { open } => {
                let open = open.take().expect("polled after completion");
                Poll::Ready(Err(open.into()))
            }
            CallProjection::Admitted {
                future,
                filters,
                permit,
            } => {
                // A panic of the future, or of a filter, drops the permit here while the thread
                // unwinds, so that it counts as a failure however the panic is caught.
                let held = permit.take().expect("polled after completion");
                match future.poll(cx) {
                    Poll::Pending => {
                        *permit = Some(held);
                        Poll::Pending
                    }
                    Poll::Ready(result) => {
                        Poll::Ready(record(held, filters, result.map_err(Into::into)))
                    }
                }
            }
        }
    }
}

/// Records the verdict on the call, and returns the result as it was.
fn record<Response>(
    permit: OwnedPermit,
    filters: &Filters<Response>,
    result: Result<Response, BoxError>,
) -> Result<Response, BoxError> {
    match (filters.verdict(&result), &result) {
        (Verdict::Success, _) => permit.success(),
        (Verdict::Ignored, _) => permit.ignore(),
        (Verdict::Failure, Ok(_)) => permit.failure(),
        (Verdict::Failure, Err(error)) => permit.failure_with(error, None),
    }
    result
}

impl<F, Response> fmt::Debug for CircuitBreakerResponseFuture<F, Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_admitted = matches!(self.call, Call::Admitted { .. });
        f.debug_struct("CircuitBreakerResponseFuture")
            .field("is_admitted", &is_admitted)
            .finish_non_exhaustive()
    }
}
