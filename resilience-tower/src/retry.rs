//! The retry, with its budget, as a layer.

use std::{
    fmt, mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use resilience::{RetryConfig, RetryHint};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    error::BoxError,
    retry_attempts::{Attempts, Failed, Failure, Filters},
};

/// Calls a service again if the call failed, and waits in between.
///
/// The delays, the number of attempts and the budget are those of a [`RetryConfig`]. With a
/// [`budget`](RetryConfig::budget) the retries of all calls together are bounded, so that they do
/// not keep a service down that fails; a gateway should have one. The budget may be shared with
/// annotated functions.
///
/// An error of the service is retried, unless it is a [refusal](resilience::is_refusal); a response
/// is not. The setters change that. When the retry gives up, the caller gets the last error or the
/// last response as it was; if a refusal ends a retry that has seen another failure, the failure.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use resilience::{RetryBudget, RetryConfig};
/// use resilience_tower::{BoxError, RetryLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// static BUDGET: RetryBudget = RetryBudget::new().name("dice");
/// static ROLLS: AtomicU32 = AtomicU32::new(0);
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), BoxError> {
/// let mut dice = ServiceBuilder::new()
///     .layer(
///         RetryLayer::new("dice", RetryConfig::new().max_retries(5).budget(&BUDGET))
///             .failure_if_ok(|eyes: &u32| *eyes < 3),
///     )
///     .service_fn(async |()| Ok::<_, std::io::Error>(ROLLS.fetch_add(1, Ordering::SeqCst)));
///
/// assert_eq!(dice.ready().await?.call(()).await?, 3, "the first roll was 0");
/// assert_eq!((BUDGET.stats().calls, BUDGET.stats().retries), (1, 3));
/// # Ok(())
/// # }
/// ```
///
/// # The request
///
/// Each attempt that another one may follow sends a clone of the request. An `http::Request` is
/// `Clone` if its body is; a body that streams has to be collected first. Not every request may be
/// sent twice: see [`repeat_if`](Self::repeat_if).
///
/// # The service
///
/// The service is cloned for each call, as tower's own `Retry` does, so it has to be `Clone`. Each
/// call costs one allocation, because the state of a retry has no name. Waits need a tokio runtime
/// with its timer enabled.
pub struct RetryLayer<Request, Response> {
    operation: &'static str,
    config: RetryConfig,
    filters: Filters<Request, Response>,
}

impl<Request, Response> RetryLayer<Request, Response> {
    /// A layer with this configuration. `operation` is the name in logs and events.
    pub fn new(operation: &'static str, config: RetryConfig) -> Self {
        Self {
            operation,
            config,
            filters: Filters::none(),
        }
    }

    /// Sends only requests again that `filter` accepts. Default: all.
    ///
    /// A request that changes something may have changed it although its answer was lost, so only
    /// idempotent requests belong here: `|request: &http::Request<Bytes>|
    /// request.method().is_idempotent()`, or those that carry an idempotency key.
    #[must_use]
    pub fn repeat_if(mut self, filter: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.filters.repeat_if = Some(Arc::new(filter));
        self
    }

    /// Retries a response that `filter` accepts. It counts as a failure, so its retry draws on the
    /// budget.
    #[must_use]
    pub fn failure_if_ok(
        mut self,
        filter: impl Fn(&Response) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filters.failure_if_ok = Some(Arc::new(filter));
        self
    }

    /// Retries only errors that `filter` accepts. It does not decide over refusals:
    /// [`RetryConfig::retry_refused`] does.
    #[must_use]
    pub fn retry_if(mut self, filter: impl Fn(&BoxError) -> bool + Send + Sync + 'static) -> Self {
        self.filters.retry_if = Some(Arc::new(filter));
        self
    }

    /// Lets a response that counts as a failure say when it may be asked again, as
    /// `resilience::http::retry_after` reads it from its headers. A [`RetryHint`] or an
    /// `Option<Duration>` is such a word.
    #[must_use]
    pub fn delay_hint<R: Into<RetryHint>>(
        mut self,
        hint: impl Fn(&Response) -> R + Send + Sync + 'static,
    ) -> Self {
        self.filters.delay_hint = Some(Arc::new(move |response| hint(response).into()));
        self
    }
}

impl<S, Request, Response> Layer<S> for RetryLayer<Request, Response> {
    type Service = RetryService<S, Request, Response>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService {
            inner,
            operation: self.operation,
            config: self.config,
            filters: Arc::new(self.filters.clone()),
        }
    }
}

impl<Request, Response> Clone for RetryLayer<Request, Response> {
    fn clone(&self) -> Self {
        Self {
            operation: self.operation,
            config: self.config,
            filters: self.filters.clone(),
        }
    }
}

impl<Request, Response> fmt::Debug for RetryLayer<Request, Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("operation", &self.operation)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The service of a [`RetryLayer`].
pub struct RetryService<S, Request, Response> {
    inner: S,
    operation: &'static str,
    config: RetryConfig,
    filters: Arc<Filters<Request, Response>>,
}

impl<S, Request, Response> RetryService<S, Request, Response> {
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
}

impl<S, Request, Response> Service<Request> for RetryService<S, Request, Response>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    Request: Clone + Send + 'static,
    Response: Send + 'static,
{
    type Response = Response;
    type Error = BoxError;
    type Future = RetryResponseFuture<Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The service that was ready makes the first attempt. Its clone stays here.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        let attempts = Attempts::new(ready, request, &self.config, Arc::clone(&self.filters));
        RetryResponseFuture(Box::pin(run(attempts, self.config, self.operation)))
    }
}

/// Makes one attempt after the other until one succeeds or the retry gives up.
async fn run<S, Request, Response>(
    mut attempts: Attempts<S, Request, Response>,
    config: RetryConfig,
    operation: &'static str,
) -> Result<Response, BoxError>
where
    S: Service<Request, Response = Response> + Clone,
    S::Error: Into<BoxError>,
    Request: Clone,
{
    let (filters, hints) = (attempts.filters(), attempts.filters());
    let config = attempts.limit(config);
    let before = Mutex::new(None);
    let retried = config
        .run_async(move || attempts.next())
        .operation(operation)
        .retry_if(move |failed| filters.retries(failed, config.get_retry_refused()))
        .delay_hint(move |failed| hints.hint(failed))
        .on_retry(|event| {
            if let Err(failed) = event.outcome {
                keep(&before, failed);
            }
        });
    match retried.await {
        Ok(response) => Ok(response),
        Err(failed) => {
            keep(&before, &failed);
            let kept = before.into_inner().unwrap_or_else(PoisonError::into_inner);
            kept.expect("each attempt has a failure").into_result()
        }
    }
}

/// Keeps the failure of an attempt in place of the one before it. A refusal does not replace an
/// answer of the service, because the answer says more.
fn keep<Response>(before: &Mutex<Option<Failure<Response>>>, failed: &Failed<Response>) {
    // Nobody else has the lock, and nothing panics under it.
    let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
    let failure = failed.take();
    if before.is_none()
        || failure
            .as_ref()
            .is_some_and(|failure| !failure.is_refusal())
    {
        *before = failure;
    }
}

impl<S: Clone, Request, Response> Clone for RetryService<S, Request, Response> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            operation: self.operation,
            config: self.config,
            filters: Arc::clone(&self.filters),
        }
    }
}

impl<S: fmt::Debug, Request, Response> fmt::Debug for RetryService<S, Request, Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService")
            .field("inner", &self.inner)
            .field("operation", &self.operation)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The future of a [`RetryService`]. A call that is dropped makes no further attempt.
#[must_use = "futures do nothing unless polled"]
pub struct RetryResponseFuture<Response>(
    Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>,
);

impl<Response> Future for RetryResponseFuture<Response> {
    type Output = Result<Response, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<Response> fmt::Debug for RetryResponseFuture<Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryResponseFuture")
            .finish_non_exhaustive()
    }
}
