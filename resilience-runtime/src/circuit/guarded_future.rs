//! Futures that run under a permit.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::call_permit::CallPermit;

pin_project! {
    /// Runs a future under a permit and returns the permit with the output.
    ///
    /// A panic inside a poll is a failure. A future that is dropped between two polls is a
    /// cancelled call, even if its thread unwinds, because that panic is not the future's.
    #[doc(hidden)]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct GuardedFuture<'c, F> {
        permit: HeldPermit<'c>,
        #[pin]
        future: F,
    }
}

impl<'c, F> GuardedFuture<'c, F> {
    #[inline]
    pub fn new(permit: CallPermit<'c>, future: F) -> Self {
        Self::held(Some(permit), future)
    }

    /// The permit may still be missing, but not when the future is polled.
    pub(super) fn held(permit: Option<CallPermit<'c>>, future: F) -> Self {
        Self {
            permit: HeldPermit(permit),
            future,
        }
    }

    pub(super) fn hold(self: Pin<&mut Self>, permit: CallPermit<'c>) {
        self.project().permit.0 = Some(permit);
    }
}

impl<'c, F: Future> Future for GuardedFuture<'c, F> {
    type Output = (CallPermit<'c>, F::Output);

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.permit.poll(this.future, cx));
        Poll::Ready((this.permit.release(), output))
    }
}

/// A permit that is abandoned if it is dropped before it is released.
///
/// It is no part of the generic futures, so that its drop is compiled once.
#[derive(Debug)]
struct HeldPermit<'c>(Option<CallPermit<'c>>);

impl<'c> HeldPermit<'c> {
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

impl Drop for HeldPermit<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.abandon();
        }
    }
}

/// Drops the permit if the poll unwinds. It need not ask the thread whether it panics, because
/// nothing else drops it.
struct PollGuard<'w, 'c>(&'w mut Option<CallPermit<'c>>);

impl<'w, 'c> PollGuard<'w, 'c> {
    /// Panics without a permit: a refused call must not run when it is polled again.
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

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready},
        panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
        pin::pin,
        task::Waker,
    };

    use super::*;
    use crate::{CircuitBreaker, CircuitBreakerConfig, CircuitState};

    fn breaker() -> CircuitBreaker {
        let config = CircuitBreakerConfig::new().failure_threshold(1);
        CircuitBreaker::new("guarded", config)
    }

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_permit_comes_back_with_the_output() {
        let breaker = breaker();
        let guarded = GuardedFuture::new(breaker.admit().expect("closed"), ready(7));
        let Poll::Ready((permit, 7)) = poll_once(pin!(guarded)) else {
            panic!("ready with 7")
        };
        permit.success();
        assert_eq!(
            (breaker.stats().successes, breaker.stats().abandoned),
            (1, 0)
        );
    }

    #[test]
    fn a_panic_in_a_poll_is_a_failure_at_once() {
        let breaker = breaker();
        let future = poll_fn(|_| -> Poll<()> { resume_unwind(Box::new("expected")) });
        let mut guarded = Box::pin(GuardedFuture::new(breaker.admit().expect("closed"), future));
        let caught = catch_unwind(AssertUnwindSafe(|| poll_once(guarded.as_mut())));
        assert!(caught.is_err());
        assert_eq!(
            breaker.state(),
            CircuitState::Open,
            "while the future still lives"
        );
        drop(guarded);
        assert_eq!(
            (breaker.stats().failures, breaker.stats().abandoned),
            (1, 0)
        );
    }

    #[test]
    fn a_future_dropped_between_polls_is_abandoned() {
        let breaker = breaker();
        {
            let guarded = pin!(GuardedFuture::new(
                breaker.admit().expect("closed"),
                pending::<()>()
            ));
            assert!(poll_once(guarded).is_pending());
        }
        drop(GuardedFuture::new(
            breaker.admit().expect("closed"),
            pending::<()>(),
        ));
        assert_eq!(
            (breaker.stats().abandoned, breaker.stats().failures),
            (2, 0)
        );
    }

    #[test]
    fn a_future_dropped_by_a_panic_elsewhere_is_abandoned() {
        let breaker = breaker();
        let caught = catch_unwind(|| {
            let guarded = pin!(GuardedFuture::new(
                breaker.admit().expect("closed"),
                pending::<()>()
            ));
            assert!(poll_once(guarded).is_pending());
            resume_unwind(Box::new("expected"));
        });
        assert!(caught.is_err());
        assert_eq!(
            (breaker.stats().abandoned, breaker.stats().failures),
            (1, 0)
        );
    }

    #[test]
    fn the_futures_are_as_small_as_their_parts() {
        let breaker = breaker();
        let guarded = GuardedFuture::new(breaker.admit().expect("closed"), ready(7_u64));
        assert_eq!(
            size_of_val(&guarded),
            size_of::<CallPermit<'_>>() + size_of_val(&ready(7_u64))
        );
        drop(guarded);
        assert_eq!(breaker.stats().abandoned, 1);
    }
}
