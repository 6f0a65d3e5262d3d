//! Futures that run under a permit.

use std::{
    marker::PhantomData,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{
    breaker::CircuitBreaker,
    error::CircuitOpen,
    permit::CallPermit,
    verdict::{UNSEEN, Verdict, record},
};
use crate::{
    inspect::{Traits, View},
    outcome::Fallible,
    refusal::Origin,
};

pin_project! {
    /// Runs a future under a permit and returns the permit with its output.
    ///
    /// A panic inside a poll is a failure. Being dropped between polls is a cancelled call, even if the thread that
    /// drops it unwinds: that panic is not this future's.
    #[doc(hidden)]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Watch<'c, F> {
        permit: Held<'c>,
        #[pin]
        future: F,
    }
}

impl<'c, F> Watch<'c, F> {
    #[inline]
    pub(super) fn new(permit: CallPermit<'c>, future: F) -> Self {
        Self {
            permit: Held(Some(permit)),
            future,
        }
    }
}

impl<'c, F: Future> Future for Watch<'c, F> {
    type Output = (CallPermit<'c>, F::Output);

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.permit.poll(this.future, cx));
        Poll::Ready((this.permit.release(), output))
    }
}

pin_project! {
    /// Runs a future under a permit and records its outcome, which nobody filters.
    ///
    /// What [`Watch`] hands back would have to be kept, dropped and unwound by the function that awaits it, anew in each.
    #[doc(hidden)]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Recorded<'c, F, V> {
        permit: Held<'c>,
        view: PhantomData<V>,
        #[pin]
        future: F,
    }
}

impl<'c, F: Future<Output: Fallible>, V> Recorded<'c, F, V> {
    /// `_traits` only says how the error type is looked at: it is not called.
    #[inline]
    pub fn new<S>(
        permit: CallPermit<'c>,
        future: F,
        _traits: impl FnOnce(&Outcome<F>) -> Traits<V, S>,
    ) -> Self {
        Self {
            permit: Held(Some(permit)),
            view: PhantomData,
            future,
        }
    }
}

/// The outcome of a future as the `Result` that it is.
type Outcome<F> =
    Result<<<F as Future>::Output as Fallible>::Value, <<F as Future>::Output as Fallible>::Error>;

impl<F, V> Future for Recorded<'_, F, V>
where
    F: Future<Output: Fallible>,
    V: View<<F::Output as Fallible>::Error>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.permit.poll(this.future, cx));
        let traits = |_: &_| Traits::<V, ()>::new();
        Poll::Ready(record(outcome, this.permit.release(), Origin::Body, traits))
    }
}

/// A permit that is abandoned if it is dropped before it is released. No part of the generic future, so that it is compiled
/// once.
#[derive(Debug)]
struct Held<'c>(Option<CallPermit<'c>>);

impl<'c> Held<'c> {
    /// Polls under the permit: if the future panics, the call has failed.
    #[inline]
    fn poll<F: Future>(&mut self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let guard = PollGuard::new(&mut self.0);
        let output = future.poll(cx);
        mem::forget(guard);
        output
    }

    #[inline]
    fn release(&mut self) -> CallPermit<'c> {
        self.0.take().expect("only a panic takes it")
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.abandon();
        }
    }
}

/// Dropped only if the poll around it unwinds, so it need not ask the thread whether it panics.
struct PollGuard<'w, 'c>(&'w mut Option<CallPermit<'c>>);

impl<'w, 'c> PollGuard<'w, 'c> {
    /// There is a permit: this also keeps a refused call from running when it is polled again.
    #[inline]
    fn new(permit: &'w mut Option<CallPermit<'c>>) -> Self {
        assert!(permit.is_some(), "polled after completion");
        Self(permit)
    }
}

impl Drop for PollGuard<'_, '_> {
    #[cold]
    fn drop(&mut self) {
        // A permit that is dropped counts a panic.
        drop(self.0.take());
    }
}

pin_project! {
    /// The future of [`CircuitBreaker::call_async`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct CircuitCall<'c, F> {
        // Until the first poll, when the call is admitted.
        breaker: Option<&'c CircuitBreaker>,
        #[pin]
        watch: Watch<'c, F>,
    }
}

impl<'c, F> CircuitCall<'c, F> {
    pub(super) fn new(breaker: &'c CircuitBreaker, future: F) -> Self {
        Self {
            breaker: Some(breaker),
            watch: Watch {
                permit: Held(None),
                future,
            },
        }
    }
}

impl<T, E, F> Future for CircuitCall<'_, F>
where
    F: Future<Output = Result<T, E>>,
    E: From<CircuitOpen>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(breaker) = this.breaker.take() {
            this.watch.as_mut().project().permit.0 = Some(breaker.admit()?);
        }
        let (permit, outcome) = ready!(this.watch.poll(cx));
        Poll::Ready(Verdict::of(outcome, |_| UNSEEN).record(permit))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready},
        io,
        panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
        pin::pin,
        task::Waker,
        time::Duration,
    };

    use super::*;
    use crate::{CircuitBreakerConfig, CircuitState};

    fn breaker() -> CircuitBreaker {
        let config = CircuitBreakerConfig::new().failure_threshold(1);
        CircuitBreaker::new("watch", config)
    }

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_permit_comes_back_with_the_output() {
        let breaker = breaker();
        let watch = breaker.admit().expect("closed").watch(ready(7));
        let Poll::Ready((permit, 7)) = poll_once(pin!(watch)) else {
            panic!("ready with 7")
        };
        permit.success();
        assert_eq!(
            (breaker.stats().successes, breaker.stats().abandoned),
            (1, 0)
        );
    }

    #[test]
    fn an_outcome_is_recorded_and_a_call_without_one_as_what_it_was() {
        let breaker = CircuitBreaker::new("watch", CircuitBreakerConfig::new());
        let permit = || breaker.admit().expect("closed");
        assert_eq!(
            poll_once(pin!(Recorded::new(permit(), ready(Ok::<_, u8>(7)), |_| {
                UNSEEN
            }))),
            Poll::Ready(Ok(7))
        );
        assert_eq!(
            poll_once(pin!(Recorded::new(
                permit(),
                ready(Err::<u8, _>(7)),
                |_| UNSEEN
            ))),
            Poll::Ready(Err(7))
        );
        assert!(
            poll_once(pin!(Recorded::new(
                permit(),
                pending::<Result<u8, u8>>(),
                |_| UNSEEN
            )))
            .is_pending()
        );
        let panics = poll_fn(|_| -> Poll<Result<u8, u8>> { resume_unwind(Box::new("expected")) });
        assert!(
            catch_unwind(AssertUnwindSafe(|| poll_once(pin!(Recorded::new(
                permit(),
                panics,
                |_| UNSEEN
            )))))
            .is_err()
        );
        let stats = breaker.stats();
        assert_eq!(
            (stats.successes, stats.failures, stats.abandoned),
            (1, 2, 1)
        );
    }

    #[test]
    fn a_panic_in_a_poll_is_a_failure_at_once() {
        let breaker = breaker();
        let future = poll_fn(|_| -> Poll<()> { resume_unwind(Box::new("expected")) });
        let mut watch = Box::pin(breaker.admit().expect("closed").watch(future));
        let caught = catch_unwind(AssertUnwindSafe(|| poll_once(watch.as_mut())));
        assert!(caught.is_err());
        assert_eq!(
            breaker.state(),
            CircuitState::Open,
            "while the future still lives"
        );
        drop(watch);
        assert_eq!(
            (breaker.stats().failures, breaker.stats().abandoned),
            (1, 0)
        );
    }

    #[test]
    fn a_future_dropped_between_polls_is_abandoned() {
        let breaker = breaker();
        {
            let watch = pin!(breaker.admit().expect("closed").watch(pending::<()>()));
            assert!(poll_once(watch).is_pending());
        }
        drop(breaker.admit().expect("closed").watch(pending::<()>()));
        assert_eq!(
            (breaker.stats().abandoned, breaker.stats().failures),
            (2, 0)
        );
    }

    #[test]
    fn a_future_dropped_by_a_panic_elsewhere_is_abandoned() {
        let breaker = breaker();
        let caught = catch_unwind(|| {
            let watch = pin!(breaker.admit().expect("closed").watch(pending::<()>()));
            assert!(poll_once(watch).is_pending());
            resume_unwind(Box::new("expected"));
        });
        assert!(caught.is_err());
        assert_eq!(
            (breaker.stats().abandoned, breaker.stats().failures),
            (1, 0)
        );
    }

    #[test]
    fn an_async_call_is_admitted_at_its_first_poll() {
        let breaker = breaker();
        let call = breaker.call_async(async { Ok::<_, io::Error>(1) });
        breaker.isolate();
        let Poll::Ready(Err(refusal)) = poll_once(pin!(call)) else {
            panic!("refused")
        };
        assert_eq!(refusal.to_string(), "circuit `watch` is isolated");
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
        let breaker = CircuitBreaker::new("watch", config);
        let failure = breaker.call_async(async { Err::<(), _>(io::Error::other("down")) });
        assert_eq!(
            failure.await.unwrap_err().to_string(),
            "down",
            "its own error"
        );
        let refused = breaker.call_async(async { Ok::<_, io::Error>(()) }).await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "circuit `watch` is open, retry in 30.0s"
        );
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        let probe = breaker.call_async(async { Ok::<_, io::Error>(()) });
        assert!(probe.await.is_ok());
        assert_eq!(breaker.state(), CircuitState::Closed);
    }

    #[test]
    fn the_futures_are_as_small_as_their_parts() {
        let breaker = breaker();
        let watch = breaker.admit().expect("closed").watch(ready(7_u64));
        assert_eq!(
            size_of_val(&watch),
            size_of::<CallPermit<'_>>() + size_of_val(&ready(7_u64))
        );
        drop(watch);
        assert_eq!(breaker.stats().abandoned, 1);
    }
}
