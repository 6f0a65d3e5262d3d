//! The bulkhead as a layer.

use std::{
    fmt, mem,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use resilience::{Bulkhead, BulkheadFull, BulkheadPermit, OwnedBulkheadPermit};
use tower_layer::Layer;
use tower_service::Service;

use crate::{bulkhead_future::BulkheadResponseFuture, error::BoxError};

/// Limits the number of calls of a service that run at the same time.
///
/// All services that one layer makes, and their clones, share the bulkhead of the handle.
/// `poll_ready` reserves a slot for the next call. If there is none, it waits for at most
/// [`max_wait`](resilience::BulkheadConfig::max_wait), which is zero by default, and then the call
/// is refused with [`BulkheadFull`]. A call frees its slot when its future is done or dropped.
///
/// ```
/// use resilience::{Bulkhead, BulkheadConfig};
/// use resilience_tower::{BoxError, BulkheadLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// let mut printer = ServiceBuilder::new()
///     .layer(BulkheadLayer::new(Bulkhead::new("printer", BulkheadConfig::new(1))))
///     .service_fn(async |pages: u32| Ok::<_, std::io::Error>(pages));
///
/// let first = printer.ready().await?.call(3);
/// let error = printer.ready().await?.call(1).await.unwrap_err();
/// assert_eq!(error.to_string(), "bulkhead `printer` is full with 1 call");
/// assert_eq!(first.await?, 3);
/// assert_eq!(printer.ready().await?.call(1).await?, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// `poll_ready` panics if it has to wait for a limited time and there is no tokio runtime with its
/// timer enabled. `call` panics if `poll_ready` was not ready before.
#[derive(Clone, Debug)]
pub struct BulkheadLayer {
    bulkhead: Bulkhead,
}

impl BulkheadLayer {
    /// A layer with the bulkhead of this handle.
    pub fn new(bulkhead: Bulkhead) -> Self {
        Self { bulkhead }
    }
}

impl<S> Layer<S> for BulkheadLayer {
    type Service = BulkheadService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService {
            inner,
            bulkhead: self.bulkhead.clone(),
            slot: Slot::NotAsked,
        }
    }
}

/// The service of a [`BulkheadLayer`].
pub struct BulkheadService<S> {
    inner: S,
    bulkhead: Bulkhead,
    slot: Slot,
}

type Admission = Result<OwnedBulkheadPermit, BulkheadFull>;
type Wait = Pin<Box<dyn Future<Output = Admission> + Send + Sync>>;

/// The slot of the next call.
enum Slot {
    NotAsked,
    Waiting(Wait),
    Reserved(OwnedBulkheadPermit),
    Refused(BulkheadFull),
}

impl From<Admission> for Slot {
    fn from(admission: Admission) -> Self {
        match admission {
            Ok(permit) => Self::Reserved(permit),
            Err(full) => Self::Refused(full),
        }
    }
}

impl<S> BulkheadService<S> {
    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the inner service out. A reserved slot is free again.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Asks for the slot of the next call, until there is one or the bulkhead has refused the call.
    fn poll_slot(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Slot::NotAsked = self.slot {
            self.slot = begin(&self.bulkhead, cx);
        }
        if let Slot::Waiting(wait) = &mut self.slot {
            self.slot = ready!(wait.as_mut().poll(cx)).into();
        }
        Poll::Ready(())
    }
}

/// Takes a slot that is free at once, else begins to wait.
fn begin(bulkhead: &Bulkhead, cx: &mut Context<'_>) -> Slot {
    // The first try is on the stack, so that a call that need not wait costs no allocation.
    let acquire = pin!(bulkhead.acquire_async());
    if let Poll::Ready(admission) = acquire.poll(cx) {
        return admission.map(BulkheadPermit::into_owned).into();
    }
    let bulkhead = bulkhead.clone();
    Slot::Waiting(Box::pin(async move {
        let permit = bulkhead.acquire_async().await?;
        Ok(permit.into_owned())
    }))
}

impl<S, Request> Service<Request> for BulkheadService<S>
where
    S: Service<Request>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BulkheadResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.poll_slot(cx));
        if let Slot::Refused(_) = self.slot {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match mem::replace(&mut self.slot, Slot::NotAsked) {
            Slot::Reserved(permit) => {
                BulkheadResponseFuture::admitted(self.inner.call(request), permit)
            }
            Slot::Refused(full) => BulkheadResponseFuture::refused(full),
            Slot::NotAsked | Slot::Waiting(_) => {
                panic!("`poll_ready` has to be ready before `call`")
            }
        }
    }
}

/// The clone shares the bulkhead, but not the reserved slot.
impl<S: Clone> Clone for BulkheadService<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            bulkhead: self.bulkhead.clone(),
            slot: Slot::NotAsked,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for BulkheadService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = match self.slot {
            Slot::NotAsked => "not asked",
            Slot::Waiting(_) => "waiting",
            Slot::Reserved(_) => "reserved",
            Slot::Refused(_) => "refused",
        };
        f.debug_struct("BulkheadService")
            .field("inner", &self.inner)
            .field("bulkhead", &self.bulkhead)
            .field("slot", &slot)
            .finish()
    }
}
