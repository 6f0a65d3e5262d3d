//! The circuit breaker as a layer.

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use resilience::{CircuitBreaker, CircuitOpen, CircuitState, OwnedPermit};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    circuit_breaker_future::CircuitBreakerResponseFuture, error::BoxError, verdict::Filters,
};

/// Puts a circuit before a service: it refuses calls while the service keeps failing.
///
/// All services that one layer makes, and their clones, share the circuit of the handle. A handle
/// of [`registry::get_or_register`](resilience::registry::get_or_register) is a circuit that is
/// seen in the registry, in the metrics and on the dashboard; one of [`CircuitBreaker::new`] is
/// not.
///
/// An error of the service is a failure, unless it is a [refusal](resilience::is_refusal); a
/// response is a success. The setters change that.
///
/// ```
/// use resilience::{CircuitBreaker, CircuitBreakerConfig};
/// use resilience_tower::{BoxError, CircuitBreakerLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// let circuit = CircuitBreaker::new("parser", CircuitBreakerConfig::new().failure_threshold(1));
/// let mut parser = ServiceBuilder::new()
///     .layer(CircuitBreakerLayer::new(circuit))
///     .service_fn(async |text: &str| text.parse::<i32>());
///
/// assert_eq!(parser.ready().await?.call("42").await?, 42);
/// let error = parser.ready().await?.call("forty-two").await.unwrap_err();
/// assert!(error.is::<std::num::ParseIntError>());
/// let error = parser.ready().await?.call("42").await.unwrap_err();
/// assert!(error.is::<resilience::CircuitOpen>());
/// # Ok(())
/// # }
/// ```
pub struct CircuitBreakerLayer<Response> {
    circuit: CircuitBreaker,
    filters: Filters<Response>,
}

impl<Response> CircuitBreakerLayer<Response> {
    /// A layer with the circuit of this handle.
    pub fn new(circuit: CircuitBreaker) -> Self {
        Self {
            circuit,
            filters: Filters::none(),
        }
    }

    /// Counts a response as a failure if `filter` accepts it. The caller gets the response as it
    /// was.
    ///
    /// The closure names the type of its parameter, because the layer does not know its service
    /// yet: `|response: &http::Response<Body>| response.status().is_server_error()`.
    #[must_use]
    pub fn failure_if_ok(
        mut self,
        filter: impl Fn(&Response) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filters.failure_if_ok = Some(Arc::new(filter));
        self
    }

    /// Counts an error as a failure only if `filter` accepts it. Another error is a success,
    /// because the service answered. The filter does not decide over refusals.
    #[must_use]
    pub fn failure_if(
        mut self,
        filter: impl Fn(&BoxError) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filters.failure_if = Some(Arc::new(filter));
        self
    }

    /// Counts an error as nothing if `filter` accepts it, and gives its probe slot back. It wins
    /// over [`failure_if`](Self::failure_if).
    #[must_use]
    pub fn ignore_if(mut self, filter: impl Fn(&BoxError) -> bool + Send + Sync + 'static) -> Self {
        self.filters.ignore_if = Some(Arc::new(filter));
        self
    }
}

impl<S, Response> Layer<S> for CircuitBreakerLayer<Response> {
    type Service = CircuitBreakerService<S, Response>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService {
            inner,
            circuit: self.circuit.clone(),
            filters: Arc::new(self.filters.clone()),
            admission: Admission::InCall,
        }
    }
}

impl<Response> Clone for CircuitBreakerLayer<Response> {
    fn clone(&self) -> Self {
        Self {
            circuit: self.circuit.clone(),
            filters: self.filters.clone(),
        }
    }
}

impl<Response> fmt::Debug for CircuitBreakerLayer<Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerLayer")
            .field("circuit", &self.circuit)
            .finish_non_exhaustive()
    }
}

/// The service of a [`CircuitBreakerLayer`].
pub struct CircuitBreakerService<S, Response> {
    inner: S,
    circuit: CircuitBreaker,
    filters: Arc<Filters<Response>>,
    admission: Admission,
}

type Decision = Result<OwnedPermit, CircuitOpen>;

/// The decision over the next call.
enum Admission {
    /// The call decides.
    InCall,
    /// The circuit asks its fleet if the call may be a probe.
    Asking(Pin<Box<dyn Future<Output = Decision> + Send + Sync>>),
    /// `poll_ready` found the circuit open, so the inner service was not asked and must not be
    /// called, even if the circuit has recovered since.
    Refused(CircuitOpen),
    /// The fleet granted a probe, or the circuit was open and has recovered a moment later. The
    /// permit is kept, because one that is dropped would count as an abandoned call.
    Admitted(OwnedPermit),
}

impl From<Decision> for Admission {
    fn from(decision: Decision) -> Self {
        match decision {
            Ok(permit) => Self::Admitted(permit),
            Err(open) => Self::Refused(open),
        }
    }
}

impl<S, Response> CircuitBreakerService<S, Response> {
    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the inner service out.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Takes the decision before the call, if the circuit is open.
    fn decide_if_open(&mut self) {
        if matches!(self.admission, Admission::InCall) && self.circuit.state() == CircuitState::Open
        {
            self.admission = self.circuit.try_acquire_owned().into();
        }
    }

    /// Takes the decision before the call, if it is a matter of the fleet. The future of a call
    /// could wait, too, but only a service that is ready may be called, and that is known here
    /// alone.
    fn poll_fleet(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_asked = matches!(self.admission, Admission::InCall)
            && self.circuit.state() == CircuitState::HalfOpen
            && self.circuit.is_coordinated();
        if is_asked {
            self.admission = ask(&self.circuit);
        }
        if let Admission::Asking(wait) = &mut self.admission {
            self.admission = ready!(wait.as_mut().poll(cx)).into();
        }
        Poll::Ready(())
    }

    fn admit(&mut self) -> Decision {
        match mem::replace(&mut self.admission, Admission::InCall) {
            Admission::InCall | Admission::Asking(_) => self.circuit.try_acquire_owned(),
            Admission::Refused(open) => Err(open),
            Admission::Admitted(permit) => Ok(permit),
        }
    }
}

fn ask(circuit: &CircuitBreaker) -> Admission {
    let circuit = circuit.clone();
    Admission::Asking(Box::pin(async move { circuit.acquire_owned_async().await }))
}

impl<S, Request, Response> Service<Request> for CircuitBreakerService<S, Response>
where
    S: Service<Request, Response = Response>,
    S::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = BoxError;
    type Future = CircuitBreakerResponseFuture<S::Future, Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.decide_if_open();
        if let Admission::Refused(_) = self.admission {
            return Poll::Ready(Ok(()));
        }
        ready!(self.inner.poll_ready(cx)).map_err(Into::into)?;
        self.poll_fleet(cx).map(Ok)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.admit() {
            Ok(permit) => {
                // A panic of the inner service drops the permit, and so counts as a failure.
                let future = self.inner.call(request);
                CircuitBreakerResponseFuture::admitted(future, permit, Arc::clone(&self.filters))
            }
            Err(open) => CircuitBreakerResponseFuture::refused(open),
        }
    }
}

/// The clone shares the circuit, but not the decision over the next call.
impl<S: Clone, Response> Clone for CircuitBreakerService<S, Response> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            circuit: self.circuit.clone(),
            filters: Arc::clone(&self.filters),
            admission: Admission::InCall,
        }
    }
}

impl<S: fmt::Debug, Response> fmt::Debug for CircuitBreakerService<S, Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerService")
            .field("inner", &self.inner)
            .field("circuit", &self.circuit)
            .finish_non_exhaustive()
    }
}
