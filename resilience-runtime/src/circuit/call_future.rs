//! The future of a call through a circuit.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{
    call_permit::CallPermit,
    classified::{Classified, UNSEEN},
    error::CircuitOpen,
    guarded_future::GuardedFuture,
    probe_future::ProbeFuture,
    shared::Shared,
};

pin_project! {
    /// The future of [`CircuitBreaker::call_async`](crate::CircuitBreaker::call_async).
    #[must_use = "futures do nothing unless polled"]
    pub struct CircuitBreakerFuture<'c, F> {
        // The first poll takes it and asks it to admit the call.
        circuit: Option<&'c Shared>,
        // The call waits for the fleet.
        probe: Option<ProbeFuture<'c, 'c>>,
        #[pin]
        guarded: GuardedFuture<'c, F>,
    }
}

impl<'c, F> CircuitBreakerFuture<'c, F> {
    pub(super) fn new(circuit: &'c Shared, future: F) -> Self {
        Self {
            circuit: Some(circuit),
            probe: None,
            guarded: GuardedFuture::held(None, future),
        }
    }
}

impl<T, E, F> Future for CircuitBreakerFuture<'_, F>
where
    F: Future<Output = Result<T, E>>,
    E: From<CircuitOpen>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(circuit) = this.circuit.take() {
            match circuit.admit_task(None) {
                Ok(admission) => {
                    let permit = CallPermit::new(circuit, admission);
                    this.guarded.as_mut().hold(permit);
                }
                Err(open) => *this.probe = Some(ProbeFuture::new(circuit, None, open, None)),
            }
        }
        if let Some(probe) = this.probe {
            let admitted = ready!(Pin::new(probe).poll(cx));
            *this.probe = None;
            this.guarded.as_mut().hold(admitted?);
        }
        let (permit, result) = ready!(this.guarded.poll(cx));
        Poll::Ready(Classified::of(result, |_| UNSEEN).record(permit))
    }
}

impl<F> fmt::Debug for CircuitBreakerFuture<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerFuture")
            .field("is_admitted", &self.circuit.is_none())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        io,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::Waker,
        time::Duration,
    };

    use super::*;
    use crate::{CircuitBreaker, CircuitBreakerConfig, CircuitState};

    fn breaker() -> CircuitBreaker {
        let config = CircuitBreakerConfig::new().failure_threshold(1);
        CircuitBreaker::new("call", config)
    }

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_async_call_is_admitted_at_its_first_poll() {
        let breaker = breaker();
        let call = breaker.call_async(async { Ok::<_, io::Error>(1) });
        breaker.isolate();
        let Poll::Ready(Err(refusal)) = poll_once(pin!(call)) else {
            panic!("refused")
        };
        assert_eq!(refusal.to_string(), "circuit `call` is isolated");
        drop(breaker.call_async(pending::<io::Result<()>>()));
        assert_eq!((breaker.stats().refused, breaker.stats().abandoned), (1, 0));
    }

    #[test]
    fn a_refused_call_that_is_polled_again_does_not_run() {
        let breaker = breaker();
        breaker.isolate();
        let mut call = pin!(breaker.call_async(async { Ok::<_, io::Error>(()) }));
        assert!(matches!(poll_once(call.as_mut()), Poll::Ready(Err(_))));
        let again = catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut())));
        assert!(again.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn async_calls_open_probe_and_close() {
        let config = CircuitBreakerConfig::new()
            .failure_threshold(1)
            .success_threshold(1);
        let breaker = CircuitBreaker::new("call", config);
        let failure = breaker.call_async(async { Err::<(), _>(io::Error::other("down")) });
        assert_eq!(
            failure.await.unwrap_err().to_string(),
            "down",
            "its own error"
        );
        let refused = breaker.call_async(async { Ok::<_, io::Error>(()) }).await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "circuit `call` is open, retry in 30.0s"
        );
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        let probe = breaker.call_async(async { Ok::<_, io::Error>(()) });
        assert!(probe.await.is_ok());
        assert_eq!(breaker.state(), CircuitState::Closed);
    }
}
