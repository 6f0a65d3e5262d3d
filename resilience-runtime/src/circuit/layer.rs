//! A circuit as a layer around a body that is polled.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use super::{
    breaker::CircuitBreaker, classified::record_error, error::CircuitOpen, keyed::KeyedCircuit,
    task_call::TaskCall,
};
use crate::{
    errors::{Origin, StackOrigin, View},
    layers::{Entry, Layers},
    operation::Operation,
};

/// A circuit around a body. `O` is the word of the layers inside about the origin of an error, and
/// `N` knows the name that a refusal has.
#[doc(hidden)]
pub struct CircuitLayer<'c, 'o, O, N = ()> {
    call: TaskCall<'c, 'o>,
    inside: O,
    name: N,
}

impl<'c, O> CircuitLayer<'c, '_, O> {
    /// Admits the call at the first poll, and records its outcome.
    #[inline]
    pub fn new(circuit: &'c CircuitBreaker, operation: &'static Operation, inside: O) -> Self {
        Self {
            call: TaskCall::new(circuit, operation),
            inside,
            name: (),
        }
    }
}

impl<'c, O> CircuitLayer<'c, '_, O, &'c KeyedCircuit> {
    /// Does the same for the circuit of a key. Several keys may share it, and a refusal has the key
    /// of this call.
    #[inline]
    pub fn of_key(circuit: &'c KeyedCircuit, operation: &'static Operation, inside: O) -> Self {
        Self {
            call: TaskCall::new(circuit.circuit(), operation),
            inside,
            name: circuit,
        }
    }
}

impl<'o, O, N> CircuitLayer<'_, 'o, O, N> {
    /// Notes for a layer outside if the error of the call is a refusal.
    #[inline]
    #[must_use]
    pub fn noting(mut self, origin: &'o mut Origin) -> Self {
        self.call.note(origin);
        self
    }
}

/// The name that a refusal has.
pub trait RefusalName {
    /// Gives the refusal its name.
    fn named(&self, open: CircuitOpen) -> CircuitOpen;
}

/// The refusal has the circuit's own name.
impl RefusalName for () {
    #[inline]
    fn named(&self, open: CircuitOpen) -> CircuitOpen {
        open
    }
}

impl RefusalName for &KeyedCircuit {
    #[inline]
    fn named(&self, open: CircuitOpen) -> CircuitOpen {
        KeyedCircuit::named(self, open)
    }
}

impl<E, O, N> Layers<E> for CircuitLayer<'_, '_, O, N>
where
    O: StackOrigin + Copy + Unpin,
    N: RefusalName + Unpin,
{
    type Outside = ();
    type Expired = Infallible;
    type Conversions = (fn(CircuitOpen) -> E,);

    #[inline]
    fn enter<V: View<E>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        (): &mut (),
        conversions: &Self::Conversions,
    ) -> Entry<E> {
        let this = self.get_mut();
        match this.call.begin(cx) {
            Poll::Ready(None) => Entry::Run,
            Poll::Pending => Entry::Pending,
            Poll::Ready(Some(open)) => Entry::Failed(conversions.0(this.name.named(open))),
        }
    }

    #[inline]
    fn pend(self: Pin<&mut Self>, _: &mut Context<'_>, (): &mut ()) -> Option<Infallible> {
        None
    }

    #[inline]
    fn expire<V: View<E>>(
        self: Pin<&mut Self>,
        expired: Infallible,
        (): &mut (),
        _: &Self::Conversions,
    ) -> E {
        match expired {}
    }

    #[inline]
    fn succeed(self: Pin<&mut Self>, (): &mut ()) {
        self.get_mut().call.succeed();
    }

    #[inline]
    fn fail<V: View<E>>(self: Pin<&mut Self>, (): &mut (), error: E) -> E {
        let this = self.get_mut();
        match this.call.end() {
            Some(permit) => record_error::<_, V>(error, permit, this.inside),
            None => error,
        }
    }

    #[inline]
    fn unwind(self: Pin<&mut Self>, (): &mut ()) {
        // A permit that is dropped counts a panic.
        drop(self.get_mut().call.end());
    }

    #[inline]
    fn abandon(self: Pin<&mut Self>, (): &mut ()) {
        self.get_mut().call.abandon();
    }

    #[inline]
    fn has_refused(&self) -> bool {
        self.call.has_refused()
    }

    #[inline]
    fn refuses_for(&self) -> Option<Duration> {
        self.call.refuses_for()
    }
}

impl<O, N> fmt::Debug for CircuitLayer<'_, '_, O, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready},
        panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind, resume_unwind},
        pin::pin,
        task::Waker,
    };

    use super::*;
    use crate::{
        CircuitBreakerConfig,
        deadline::Frame,
        errors::{AboveTimeout, AsDisplay, Inspect},
        layers::Layered,
    };

    type Result = core::result::Result<u8, String>;

    static OPERATION: Operation = Operation::new("recorded");

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new("recorded", CircuitBreakerConfig::new())
    }

    type Shown = (fn(CircuitOpen) -> String,);

    fn shown() -> &'static Shown {
        &(|open| open.to_string(),)
    }

    type Call<'c, 'o> = CircuitLayer<'c, 'o, ()>;

    fn call(breaker: &CircuitBreaker) -> Call<'_, 'static> {
        CircuitLayer::new(breaker, &OPERATION, ())
    }

    fn noting<'c, 'o>(breaker: &'c CircuitBreaker, origin: &'o mut Origin) -> Call<'c, 'o> {
        call(breaker).noting(origin)
    }

    fn recorded<'c, 'o, F: Future<Output = Result>>(
        call: Call<'c, 'o>,
        future: F,
    ) -> Layered<'static, Call<'c, 'o>, fn() -> &'static Shown, AsDisplay, F> {
        Layered::new(call, shown as fn() -> _, future, |outcome| {
            Inspect::of(outcome).__traits()
        })
    }

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_outcome_is_recorded_and_a_call_without_one_as_what_it_was() {
        let breaker = breaker();
        let call = || call(&breaker);
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
            let mut admitted = pin!(recorded(noting(&breaker, &mut origin), pending()));
            assert!(poll_once(admitted.as_mut()).is_pending());
            breaker.isolate();
            assert!(poll_once(admitted.as_mut()).is_pending());
        }
        assert_eq!(origin, Origin::Body);
        {
            let body = poll_fn(|_| -> Poll<Result> { unreachable!("refused") });
            let refused = pin!(recorded(noting(&breaker, &mut origin), body));
            let refusal = "circuit `recorded` is isolated".to_owned();
            assert_eq!(poll_once(refused), Poll::Ready(Err(refusal)));
        }
        assert_eq!(origin, Origin::Refused);
        drop(recorded(call(&breaker), pending()));
        let stats = breaker.stats();
        assert_eq!((stats.refused, stats.abandoned), (1, 1));
    }

    #[test]
    fn a_panic_in_a_poll_is_a_failure_at_once() {
        let breaker = breaker();
        let body = poll_fn(|_| -> Poll<Result> { resume_unwind(Box::new("expected")) });
        let mut call = Box::pin(recorded(call(&breaker), body));
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
            let call = pin!(recorded(call(&breaker), pending()));
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
        let mut call = pin!(recorded(call(&breaker), ready(Ok(7))));
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
        let above = CircuitLayer::new(&breaker, &OPERATION, AboveTimeout(()));
        let above = Layered::new(above, shown, body(), |outcome| {
            Inspect::of(outcome).__traits()
        });
        assert!(poll_once(pin!(above)).is_ready());
        assert_eq!(breaker.stats().ignored, 1);
        let beside = call(&breaker);
        assert!(poll_once(pin!(recorded(beside, body()))).is_ready());
        drop(outer);
        assert_eq!(breaker.stats().failures, 1);
    }

    #[test]
    fn the_future_is_as_good_and_nearly_as_small_as_its_body() {
        fn carried<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>(_: &T) {}
        assert!(size_of::<TaskCall<'_, '_>>() <= 32);
        let breaker = breaker();
        let call = call(&breaker);
        let layer = size_of_val(&call);
        let future = recorded(call, ready(Ok(7)));
        carried(&future);
        let body = size_of_val(&ready::<Result>(Ok(7)));
        assert_eq!(size_of_val(&future), layer + body + size_of::<fn()>());
    }
}
