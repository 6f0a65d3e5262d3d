//! The future of an async function under `#[circuit_breaker]`, unless the attribute has code that
//! must run in the function itself.

use std::{
    fmt,
    marker::PhantomData,
    mem::{self, ManuallyDrop},
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{
    breaker::CircuitBreaker, call_permit::CallPermit, classified::record_error, error::CircuitOpen,
    probe_future::ProbeFuture,
};
use crate::{
    errors::{Origin, StackOrigin, Traits, View},
    fallible::{Fallible, Success},
    operation::Operation,
};

pin_project! {
    /// Admits a call at the first poll, runs its future under the permit, and records its result.
    ///
    /// The permit does not appear in the user's function, because the function would have to keep,
    /// drop and unwind it, and that code would be compiled for each function.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct RecordedFuture<'c, 'o, F, M, V, O> {
        call: CircuitCall<'c, 'o>,
        inside: O,
        view: PhantomData<V>,
        at_refusal: M,
        #[pin]
        body: F,
    }
}

impl<'c, 'o, F, M, V, O> RecordedFuture<'c, 'o, F, M, V, O>
where
    F: Future<Output: Fallible>,
    M: Fn(CircuitOpen) -> <F::Output as Fallible>::Error,
{
    /// `inside` is the word of the layers inside about the origin of an error. `at_refusal` makes
    /// the error of a call that the circuit refuses. `_traits` is not called: its type says how the
    /// error is looked at.
    #[inline]
    pub fn new<S>(
        call: CircuitCall<'c, 'o>,
        inside: O,
        at_refusal: M,
        body: F,
        _traits: impl FnOnce(&ResultOf<F>) -> Traits<V, S>,
    ) -> Self {
        Self {
            call,
            inside,
            view: PhantomData,
            at_refusal,
            body,
        }
    }
}

/// The output of a future as the `Result` that it is.
type ResultOf<F> =
    Result<<<F as Future>::Output as Fallible>::Value, <<F as Future>::Output as Fallible>::Error>;

impl<F, M, V, O> Future for RecordedFuture<'_, '_, F, M, V, O>
where
    F: Future<Output: Fallible>,
    M: Fn(CircuitOpen) -> <F::Output as Fallible>::Error,
    V: View<<F::Output as Fallible>::Error>,
    O: StackOrigin + Copy,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(open) = ready!(this.call.begin(cx)) {
            return Poll::Ready(F::Output::failed((this.at_refusal)(open)));
        }
        let guard = PanicGuard(this.call);
        let polled = this.body.poll(cx);
        mem::forget(guard);
        // The value is taken out before the call is ended, so that it alone is kept over that. A
        // result would be copied as a whole.
        Poll::Ready(match ready!(polled).into_result() {
            Ok(value) => {
                this.call.succeed();
                F::Output::of_value(Success(value))
            }
            Err(error) => F::Output::failed(this.call.fail::<_, V>(error, *this.inside)),
        })
    }
}

/// One call through a circuit.
#[doc(hidden)]
#[must_use = "a call does nothing unless its future is polled"]
pub struct CircuitCall<'c, 'o>(State<'c, 'o>);

enum State<'c, 'o> {
    /// The call has no permit.
    Idle {
        /// The first poll asks the circuit to admit the call. `None` from then on: the call was
        /// refused or recorded, or it panicked.
        circuit: Option<(&'c CircuitBreaker, &'static Operation)>,
        origin: Option<&'o mut Origin>,
    },
    Held(CallPermit<'c>),
    /// The call asks the fleet if it may be a probe. It is in a box, because few calls do, and the
    /// drop of the call drops it, because a drop of the state would cost every call.
    Asking(ManuallyDrop<Box<ProbeFuture<'c, 'o>>>),
}

impl State<'_, '_> {
    const OVER: Self = Self::Idle {
        circuit: None,
        origin: None,
    };
}

impl<'c, 'o> CircuitCall<'c, 'o> {
    #[inline]
    pub fn new(circuit: &'c CircuitBreaker, operation: &'static Operation) -> Self {
        Self(State::Idle {
            circuit: Some((circuit, operation)),
            origin: None,
        })
    }

    /// A call that notes for a layer outside if its error is a refusal.
    #[inline]
    pub fn noting(
        circuit: &'c CircuitBreaker,
        operation: &'static Operation,
        origin: &'o mut Origin,
    ) -> Self {
        Self(State::Idle {
            circuit: Some((circuit, operation)),
            origin: Some(origin),
        })
    }

    /// Asks the circuit to admit the call, unless it has done so already. Returns the refusal.
    #[inline]
    fn begin(&mut self, cx: &mut Context<'_>) -> Poll<Option<CircuitOpen>> {
        match self.0 {
            State::Held(_) => Poll::Ready(None),
            State::Idle { .. } | State::Asking(_) => self.enter(cx),
        }
    }

    /// Asks for the permit that the call does not have.
    // It is one call out of line, because it is the same for all functions.
    #[inline(never)]
    fn enter(&mut self, cx: &mut Context<'_>) -> Poll<Option<CircuitOpen>> {
        let State::Idle { circuit, origin } = &mut self.0 else {
            return self.poll_probe(cx);
        };
        let (circuit, operation) = circuit.take().expect("polled after completion");
        let admitted = circuit.admit_task(operation);
        if let Some(origin) = origin {
            **origin = Origin::of_admission(admitted.is_ok());
        }
        match admitted {
            Ok(permit) => {
                self.0 = State::Held(permit);
                Poll::Ready(None)
            }
            Err(open) if open.asks() => {
                self.ask(circuit, operation, open);
                self.poll_probe(cx)
            }
            Err(open) => Poll::Ready(Some(open)),
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(
        &mut self,
        circuit: &'c CircuitBreaker,
        operation: &'static Operation,
        open: CircuitOpen,
    ) {
        let origin = match mem::replace(&mut self.0, State::OVER) {
            State::Idle { origin, .. } => origin,
            State::Held(_) | State::Asking(_) => None,
        };
        let probe = ProbeFuture::new(circuit.shared(), Some(operation), open, origin);
        self.0 = State::Asking(ManuallyDrop::new(Box::new(probe)));
    }

    #[cold]
    #[inline(never)]
    fn poll_probe(&mut self, cx: &mut Context<'_>) -> Poll<Option<CircuitOpen>> {
        let State::Asking(probe) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let admitted = ready!(Pin::new(&mut ***probe).poll(cx));
        self.forget_probe();
        Poll::Ready(match admitted {
            Ok(permit) => {
                self.0 = State::Held(permit);
                None
            }
            Err(open) => Some(open),
        })
    }

    /// Drops the probe of a call that asks. The call is over then.
    #[cold]
    #[inline(never)]
    fn forget_probe(&mut self) {
        if let State::Asking(probe) = mem::replace(&mut self.0, State::OVER) {
            drop(ManuallyDrop::into_inner(probe));
        }
    }

    /// Records that the call succeeded.
    // It is one call out of line, because it is the same for all functions.
    #[inline(never)]
    fn succeed(&mut self) {
        self.end().success();
    }

    /// Records the outcome of a call that returned an error, and returns the error.
    #[cold]
    #[inline(never)]
    fn fail<E, V: View<E>>(&mut self, error: E, inside: impl StackOrigin) -> E {
        record_error::<_, V>(error, self.end(), inside)
    }

    #[inline]
    fn end(&mut self) -> CallPermit<'c> {
        match mem::replace(&mut self.0, State::OVER) {
            State::Held(permit) => permit,
            State::Idle { .. } | State::Asking(_) => {
                unreachable!("a body is polled under a permit")
            }
        }
    }
}

impl Drop for CircuitCall<'_, '_> {
    // A future that is dropped between two polls is a cancelled call, even if its thread unwinds,
    // because that panic is not the future's.
    #[inline(never)]
    fn drop(&mut self) {
        match &self.0 {
            State::Held(_) => self.end().abandon(),
            State::Asking(_) => self.forget_probe(),
            State::Idle { .. } => {}
        }
    }
}

// A panic leaves the note and the circuit as they were: both are written between two calls of the
// user's code.
impl UnwindSafe for CircuitCall<'_, '_> {}
impl RefUnwindSafe for CircuitCall<'_, '_> {}

impl fmt::Debug for CircuitCall<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitCall")
            .field("is_admitted", &matches!(self.0, State::Held(_)))
            .finish_non_exhaustive()
    }
}

/// Drops the permit if the poll unwinds. A permit that is dropped counts a panic.
struct PanicGuard<'w, 'c, 'o>(&'w mut CircuitCall<'c, 'o>);

impl Drop for PanicGuard<'_, '_, '_> {
    #[cold]
    fn drop(&mut self) {
        self.0.0 = State::OVER;
    }
}

impl<F, M, V, O> fmt::Debug for RecordedFuture<'_, '_, F, M, V, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedFuture")
            .field("call", &self.call)
            .finish_non_exhaustive()
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
    use crate::{
        CircuitBreakerConfig,
        circuit::classified::UNSEEN,
        deadline::Frame,
        errors::error_slot::Nowhere,
        errors::{AboveTimeout, AsTypeName},
    };

    type Result = core::result::Result<u8, String>;

    static OPERATION: Operation = Operation::new("recorded");

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new("recorded", CircuitBreakerConfig::new())
    }

    fn recorded<'c, 'o, F: Future<Output = Result>>(
        call: CircuitCall<'c, 'o>,
        future: F,
    ) -> RecordedFuture<'c, 'o, F, impl Fn(CircuitOpen) -> String, AsTypeName, ()> {
        RecordedFuture::new::<Nowhere>(call, (), |open| open.to_string(), future, |_| UNSEEN)
    }

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_outcome_is_recorded_and_a_call_without_one_as_what_it_was() {
        let breaker = breaker();
        let call = || CircuitCall::new(&breaker, &OPERATION);
        let poll = |result: Result| poll_once(pin!(recorded(call(), ready(result))));
        assert_eq!(poll(Ok(7)), Poll::Ready(Ok(7)));
        assert_eq!(poll(Err("no".into())), Poll::Ready(Err("no".into())));
        assert!(poll_once(pin!(recorded(call(), pending()))).is_pending());
        let panics = poll_fn(|_| -> Poll<Result> { resume_unwind(Box::new("expected")) });
        let poll = || poll_once(pin!(recorded(call(), panics)));
        assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
        let stats = breaker.stats();
        assert_eq!(
            (stats.successes, stats.failures, stats.abandoned),
            (1, 2, 1)
        );
    }

    #[test]
    fn a_call_is_admitted_at_its_first_poll_and_only_then() {
        let breaker = breaker();
        let mut origin = Origin::Body;
        {
            let mut admitted = pin!(recorded(
                CircuitCall::noting(&breaker, &OPERATION, &mut origin),
                pending()
            ));
            assert!(poll_once(admitted.as_mut()).is_pending());
            breaker.isolate();
            assert!(poll_once(admitted.as_mut()).is_pending());
        }
        assert_eq!(origin, Origin::Body);
        {
            let body = poll_fn(|_| -> Poll<Result> { unreachable!("refused") });
            let refused = pin!(recorded(
                CircuitCall::noting(&breaker, &OPERATION, &mut origin),
                body
            ));
            let refusal = "circuit `recorded` is isolated".to_owned();
            assert_eq!(poll_once(refused), Poll::Ready(Err(refusal)));
        }
        assert_eq!(origin, Origin::Refused);
        drop(recorded(CircuitCall::new(&breaker, &OPERATION), pending()));
        let stats = breaker.stats();
        assert_eq!((stats.refused, stats.abandoned), (1, 1));
    }

    #[test]
    fn a_panic_in_a_poll_is_a_failure_at_once() {
        let breaker = breaker();
        let body = poll_fn(|_| -> Poll<Result> { resume_unwind(Box::new("expected")) });
        let mut call = Box::pin(recorded(CircuitCall::new(&breaker, &OPERATION), body));
        let caught = catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut())));
        assert!(caught.is_err());
        assert_eq!(breaker.stats().failures, 1, "while the future still lives");
        drop(call);
        let stats = breaker.stats();
        assert_eq!((stats.failures, stats.abandoned), (1, 0));
    }

    #[test]
    fn a_future_dropped_by_a_panic_elsewhere_is_abandoned() {
        let breaker = breaker();
        let caught = catch_unwind(|| {
            let call = pin!(recorded(CircuitCall::new(&breaker, &OPERATION), pending()));
            assert!(poll_once(call).is_pending());
            resume_unwind(Box::new("expected"));
        });
        assert!(caught.is_err());
        let stats = breaker.stats();
        assert_eq!((stats.abandoned, stats.failures), (1, 0));
    }

    #[test]
    #[should_panic(expected = "polled after completion")]
    fn a_recorded_call_cannot_be_polled_again() {
        let breaker = breaker();
        let mut call = pin!(recorded(
            CircuitCall::new(&breaker, &OPERATION),
            ready(Ok(7))
        ));
        assert!(poll_once(call.as_mut()).is_ready());
        let _ = poll_once(call);
    }

    #[test]
    fn a_deadline_that_a_timeout_inside_reached_is_ignored() {
        let breaker = breaker();
        let body = || {
            poll_fn(|_| {
                Frame::note_reached(true);
                Poll::Ready(Err("late".to_owned()))
            })
        };
        let outer = Frame::current().asked_to_end_at(0).enter();
        let above = RecordedFuture::new::<Nowhere>(
            CircuitCall::new(&breaker, &OPERATION),
            AboveTimeout(()),
            |open| open.to_string(),
            body(),
            |_| UNSEEN,
        );
        assert!(poll_once(pin!(above)).is_ready());
        assert_eq!(breaker.stats().ignored, 1);
        let beside = CircuitCall::new(&breaker, &OPERATION);
        assert!(poll_once(pin!(recorded(beside, body()))).is_ready());
        drop(outer);
        assert_eq!(breaker.stats().failures, 1);
    }

    #[test]
    fn the_future_is_as_good_and_nearly_as_small_as_its_body() {
        fn carried<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>(_: &T) {}
        let (breaker, mut origin) = (breaker(), Origin::Body);
        let call = CircuitCall::noting(&breaker, &OPERATION, &mut origin);
        assert!(size_of_val(&call) <= 32);
        let future = recorded(call, ready(Ok(7)));
        carried(&future);
        let body = size_of_val(&ready::<Result>(Ok(7)));
        assert_eq!(size_of_val(&future), 32 + body);
    }
}
