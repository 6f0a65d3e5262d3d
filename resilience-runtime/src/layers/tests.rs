//! Layers around each other: what one of them leaves behind when another one ends the call.

use std::{
    future::{Future, pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::advance;

use super::*;
use crate::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, TimedOut, TimeoutConfig,
    circuit::CircuitLayer,
    deadline::Frame,
    errors::{AboveTimeout, Inspect},
    operation::Operation,
    timeout::TimeoutLayer,
};

type Outcome = Result<u8, String>;

static OPERATION: Operation = Operation::new("layers");

const SHORT: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(1));
const LONG: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5));

#[expect(
    clippy::needless_pass_by_value,
    reason = "a conversion takes the value"
)]
fn refused(open: CircuitOpen) -> String {
    open.to_string()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a conversion takes the value"
)]
fn late(late: TimedOut) -> String {
    late.to_string()
}

fn shown(frame: Frame) -> String {
    format!("{frame:?}")
}

fn poll(future: Pin<&mut impl Future<Output = Outcome>>) -> Poll<Outcome> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn an_outer_limit_that_ends_the_call_leaves_the_threads_frame_as_it_was() {
    let layers = Nested::new(TimeoutLayer::new(&SHORT), TimeoutLayer::new(&LONG));
    let body = pending::<Outcome>();
    let call = Layered::new(
        layers,
        || &((late,), (late,)),
        body,
        |outcome| Inspect::of(outcome).__traits(),
    );
    let mut call = pin!(call);
    let around = shown(Frame::current());
    assert!(poll(call.as_mut()).is_pending());
    assert_eq!(shown(Frame::current()), around);
    advance(Duration::from_secs(2)).await;
    assert!(matches!(poll(call), Poll::Ready(Err(_))));
    assert_eq!(shown(Frame::current()), around);
}

#[tokio::test(start_paused = true)]
async fn a_conversion_that_panics_is_a_failure_of_the_circuit_around_it() {
    fn panics(_: TimedOut) -> String {
        std::panic::resume_unwind(Box::new("expected"))
    }
    let circuit = CircuitBreaker::new("layers::panics", CircuitBreakerConfig::new());
    let layers = Nested::new(
        CircuitLayer::new(&circuit, &OPERATION, AboveTimeout(())),
        TimeoutLayer::new(&SHORT),
    );
    let body = pending::<Outcome>();
    let mut call = Box::pin(Layered::new(
        layers,
        || &((refused,), (panics,)),
        body,
        |outcome| Inspect::of(outcome).__traits(),
    ));
    let around = shown(Frame::current());
    assert!(poll(call.as_mut()).is_pending());
    advance(Duration::from_secs(2)).await;
    assert!(catch_unwind(AssertUnwindSafe(|| poll(call.as_mut()))).is_err());
    assert_eq!(shown(Frame::current()), around);
    drop(call);
    let stats = circuit.stats();
    assert_eq!((stats.failures, stats.abandoned), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_outer_limit_abandons_the_call_of_a_circuit_inside() {
    let circuit = CircuitBreaker::new("layers::abandoned", CircuitBreakerConfig::new());
    let layers = Nested::new(
        TimeoutLayer::new(&SHORT),
        CircuitLayer::new(&circuit, &OPERATION, ()),
    );
    let body = pending::<Outcome>();
    let mut call = Box::pin(Layered::new(
        layers,
        || &((late,), (refused,)),
        body,
        |outcome| Inspect::of(outcome).__traits(),
    ));
    assert!(poll(call.as_mut()).is_pending());
    advance(Duration::from_secs(2)).await;
    assert!(matches!(poll(call.as_mut()), Poll::Ready(Err(_))));
    assert_eq!(circuit.stats().abandoned, 1, "while the future still lives");
    drop(call);
    let stats = circuit.stats();
    assert_eq!((stats.failures, stats.abandoned), (0, 1));
}

#[test]
fn a_refusal_inside_fails_the_circuit_outside_and_is_found() {
    let outer = CircuitBreaker::new("layers::outer", CircuitBreakerConfig::new());
    let inner = CircuitBreaker::new("layers::inner", CircuitBreakerConfig::new());
    inner.isolate();
    let layers = Nested::new(
        CircuitLayer::new(&outer, &OPERATION, ()),
        CircuitLayer::new(&inner, &OPERATION, ()),
    );
    let mut layers = pin!(layers);
    let conversions = ((refused as fn(_) -> _,), (refused as fn(_) -> _,));
    let mut cx = Context::from_waker(Waker::noop());
    let mut outside = ((), ());
    let entry = Layers::<String>::enter::<crate::errors::AsDisplay>(
        layers.as_mut(),
        &mut cx,
        &mut outside,
        &conversions,
    );
    assert!(matches!(entry, Entry::Failed(error) if error.contains("layers::inner")));
    assert!(Layers::<String>::has_refused(&*layers));
    assert_eq!(outer.stats().failures, 1);
    assert_eq!((inner.stats().refused, inner.stats().abandoned), (1, 0));
}

#[test]
#[should_panic(expected = "polled after completion")]
fn a_call_through_a_circuit_cannot_be_polled_again() {
    let circuit = CircuitBreaker::new("layers::again", CircuitBreakerConfig::new());
    let layers = Nested::new(
        CircuitLayer::new(&circuit, &OPERATION, AboveTimeout(())),
        TimeoutLayer::new(&LONG),
    );
    let body = ready::<Outcome>(Ok(7));
    let mut call = pin!(Layered::new(
        layers,
        || &((refused,), (late,)),
        body,
        |outcome| Inspect::of(outcome).__traits(),
    ));
    assert_eq!(poll(call.as_mut()), Poll::Ready(Ok(7)));
    let _ = poll(call);
}
