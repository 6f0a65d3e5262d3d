//! Panics of everything that is the user's: they reach the caller with their payload, the circuit
//! counts them, and afterwards nothing is poisoned and no slot is taken.

mod fallbacks;
mod stack;
mod subscribers;

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use resilience::CircuitBreakerConfig;

use crate::clock::paused;

const RECOVERY: Duration = Duration::from_secs(30);

/// Opens at the first failure, so that a panic that is counted is seen in the state.
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1)
    .recovery_timeout(RECOVERY);

/// A panic carries this here, so that no other is taken for it. `resume_unwind` keeps the hook
/// quiet.
#[derive(Debug, PartialEq)]
struct Expected(&'static str);

fn blow_up(place: &'static str) -> ! {
    resume_unwind(Box::new(Expected(place)))
}

fn payload(panic: &(dyn Any + Send)) -> &'static str {
    panic
        .downcast_ref::<Expected>()
        .expect("the panic of the test")
        .0
}

fn caught<T>(body: impl FnOnce() -> T) -> &'static str {
    payload(
        &*catch_unwind(AssertUnwindSafe(body))
            .err()
            .expect("it panics"),
    )
}

fn block_on<F: Future>(future: F) -> F::Output {
    paused().block_on(future)
}

/// The piece of the user's code that panics.
#[derive(Clone, Copy, Debug, PartialEq)]
struct At(&'static str);

impl At {
    fn pass(self, place: &'static str) {
        if self.0 == place {
            blow_up(place);
        }
    }
}

#[derive(Debug)]
struct Fault;

/// A future that a panic inside a poll ends, as a task of tokio is.
struct CatchUnwind<F>(Pin<Box<F>>);

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Box<dyn Any + Send>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Ready(_)) => panic!("it ended without a panic"),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(panic),
        }
    }
}
