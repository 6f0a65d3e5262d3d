//! The attempts of one call.

use std::{
    cell::RefCell,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use resilience::{RetryConfig, RetryHint, is_refusal};
use tower_service::Service;

use crate::{
    error::BoxError,
    verdict::{Filter, accepts},
};

/// The filters of a retry.
pub(crate) struct Filters<Request, Response> {
    pub(crate) repeat_if: Option<Filter<Request>>,
    pub(crate) failure_if_ok: Option<Filter<Response>>,
    pub(crate) retry_if: Option<Filter<BoxError>>,
    pub(crate) delay_hint: Option<Hint<Response>>,
}

type Hint<Response> = Arc<dyn Fn(&Response) -> RetryHint + Send + Sync>;

/// A failure: an error, or a response that the filter takes for one.
pub(crate) enum Failure<Response> {
    Response(Response),
    Error(BoxError),
}

/// The result of an attempt that another one may follow. The cell lets a hook, which sees a
/// reference, keep the failure.
pub(crate) struct Failed<Response>(RefCell<Option<Failure<Response>>>);

impl<Response> Failed<Response> {
    fn new(failure: Failure<Response>) -> Self {
        Self(RefCell::new(Some(failure)))
    }

    /// Takes the failure out. `None` if it was taken before.
    pub(crate) fn take(&self) -> Option<Failure<Response>> {
        self.0.take()
    }

    fn with<R>(&self, f: impl FnOnce(&Failure<Response>) -> R) -> Option<R> {
        self.0.borrow().as_ref().map(f)
    }
}

impl<Response> Failure<Response> {
    /// True if a layer refused the call.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Error(error) if is_refusal(&**error))
    }

    /// The response or the error, as the caller gets it.
    pub(crate) fn into_result(self) -> Result<Response, BoxError> {
        match self {
            Self::Response(response) => Ok(response),
            Self::Error(error) => Err(error),
        }
    }
}

impl<Request, Response> Filters<Request, Response> {
    pub(crate) fn none() -> Self {
        Self {
            repeat_if: None,
            failure_if_ok: None,
            retry_if: None,
            delay_hint: None,
        }
    }

    /// True if the failure is retried, as long as attempts and budget allow it.
    pub(crate) fn retries(&self, failed: &Failed<Response>, retries_refusals: bool) -> bool {
        let retries = |failure: &Failure<Response>| match failure {
            Failure::Response(_) => true,
            Failure::Error(_) if failure.is_refusal() => retries_refusals,
            Failure::Error(error) => self.retry_if.as_ref().is_none_or(|filter| filter(error)),
        };
        failed.with(retries).unwrap_or(false)
    }

    pub(crate) fn hint(&self, failed: &Failed<Response>) -> RetryHint {
        let hint = |failure: &Failure<Response>| match (&self.delay_hint, failure) {
            (Some(hint), Failure::Response(response)) => hint(response),
            _ => RetryHint::Unknown,
        };
        failed.with(hint).unwrap_or(RetryHint::Unknown)
    }

    fn judge<E: Into<BoxError>>(
        &self,
        result: Result<Response, E>,
    ) -> Result<Response, Failed<Response>> {
        match result {
            Ok(response) if accepts(self.failure_if_ok.as_ref(), &response) => {
                Err(Failed::new(Failure::Response(response)))
            }
            Ok(response) => Ok(response),
            Err(error) => Err(Failed::new(Failure::Error(error.into()))),
        }
    }
}

// Derived, it would ask for requests and responses that are `Clone`.
impl<Request, Response> Clone for Filters<Request, Response> {
    fn clone(&self) -> Self {
        Self {
            repeat_if: self.repeat_if.clone(),
            failure_if_ok: self.failure_if_ok.clone(),
            retry_if: self.retry_if.clone(),
            delay_hint: self.delay_hint.clone(),
        }
    }
}

/// Makes one attempt after the other.
pub(crate) struct Attempts<S, Request, Response> {
    /// The service that was ready for the first attempt.
    service: S,
    is_first: bool,
    /// `None` when the last attempt has taken it.
    request: Option<Request>,
    /// The number of attempts that may still be made.
    left: u32,
    filters: Arc<Filters<Request, Response>>,
}

impl<S, Request, Response> Attempts<S, Request, Response> {
    pub(crate) fn new(
        service: S,
        request: Request,
        config: &RetryConfig,
        filters: Arc<Filters<Request, Response>>,
    ) -> Self {
        let is_repeated = filters
            .repeat_if
            .as_ref()
            .is_none_or(|filter| filter(&request));
        Self {
            service,
            is_first: true,
            request: Some(request),
            left: if is_repeated {
                config.get_max_attempts()
            } else {
                1
            },
            filters,
        }
    }

    pub(crate) fn filters(&self) -> Arc<Filters<Request, Response>> {
        Arc::clone(&self.filters)
    }

    /// The configuration with as many attempts as the request allows.
    pub(crate) fn limit(&self, config: RetryConfig) -> RetryConfig {
        config.max_attempts(self.left)
    }
}

impl<S, Request, Response> Attempts<S, Request, Response>
where
    S: Service<Request, Response = Response> + Clone,
    Request: Clone,
{
    /// Begins the next attempt. The last one that can be made sends the request itself.
    ///
    /// # Panics
    /// If it is called after the last attempt.
    pub(crate) fn next(&mut self) -> Attempt<S, Request, Response> {
        self.left -= 1;
        let request = if self.left == 0 {
            self.request.take()
        } else {
            self.request.clone()
        };
        let request = request.expect("the configuration has as many attempts");
        let step = if std::mem::replace(&mut self.is_first, false) {
            Step::Calling {
                future: self.service.call(request),
            }
        } else {
            // The clone has to become ready itself. It is a field of the attempt, so that a
            // reservation ends with the attempt.
            Step::NotReady {
                service: self.service.clone(),
                request: Some(request),
            }
        };
        Attempt {
            step,
            filters: self.filters(),
        }
    }
}

pin_project! {
    /// One attempt.
    pub(crate) struct Attempt<S, Request, Response>
    where
        S: Service<Request>,
    {
        #[pin]
        step: Step<S, S::Future, Request>,
        filters: Arc<Filters<Request, Response>>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<S, F, Request> {
        NotReady { service: S, request: Option<Request> },
        Calling { #[pin] future: F },
    }
}

impl<S, Request, Response> Future for Attempt<S, Request, Response>
where
    S: Service<Request, Response = Response>,
    S::Error: Into<BoxError>,
{
    type Output = Result<Response, Failed<Response>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.step.as_mut().project() {
                StepProjection::NotReady { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        return Poll::Ready(Err(Failed::new(Failure::Error(error.into()))));
                    }
                    let request = request.take().expect("polled after completion");
                    let future = service.call(request);
                    this.step.set(Step::Calling { future });
                }
                StepProjection::Calling { future } => {
                    return future.poll(cx).map(|result| this.filters.judge(result));
                }
            }
        }
    }
}
