use super::*;
use crate::circuit::CircuitLayer;
use crate::deadline::{Frame, with_deadline};
use crate::errors::{AboveTimeout, Inspect};
use crate::layers::Nested;
use crate::registry;
use crate::retry::{Jitter, RetryConfig};
use crate::timeout::TimeoutLayer;
use crate::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats};
use crate::{CircuitOpen, CircuitState, TimedOut, TimeoutConfig};
use core::cell::Cell;
use core::future::{pending, poll_fn, ready};
use core::pin::pin;
use core::task::Waker;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use tokio::time::{Instant, advance, sleep};

type Outcome = Result<u8, String>;

static TEST: Operation = Operation::new("attempt_future");
const SECOND: Duration = Duration::from_secs(1);
const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);
const AT_ONCE: RetryConfig = CONFIG.base_delay(Duration::ZERO);
const LIMIT: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(10));

/// `attempt!(&mut retry, &circuit, body)` is an attempt under the circuit and under a limit of ten
/// seconds, as the expansion of a stack makes it.
macro_rules! attempt {
    ($retry:expr, $circuit:expr, $body:expr) => {
        AttemptFuture::new(
            $retry,
            || &TEST,
            Nested::new(
                CircuitLayer::new($circuit, &TEST, AboveTimeout(())),
                TimeoutLayer::new(&LIMIT),
            ),
            || &((refused,), (late,)),
            $body,
            |outcome: &Outcome| Inspect::of(outcome).__traits_in_stack(),
        )
    };
}

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

fn busy() -> Outcome {
    Err("busy".to_owned())
}

fn circuit() -> CircuitBreaker {
    CircuitBreaker::new("attempt_future", CircuitBreakerConfig::new())
}

/// The calls of a circuit that succeeded, that failed and that were abandoned.
fn calls(circuit: &CircuitBreaker) -> (u64, u64, u64) {
    let CircuitBreakerStats {
        successes,
        failures,
        abandoned,
        ..
    } = circuit.stats();
    (successes, failures, abandoned)
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The deadline that the thread is under, to see that an attempt leaves it as it was.
fn frame() -> String {
    format!("{:?}", Frame::current())
}

#[test]
fn a_first_attempt_that_succeeds_is_not_counted_and_needs_no_runtime() {
    static CALM: Operation = Operation::new("attempt_future::calm");
    CALM.register();
    let circuit = circuit();
    let mut retry = StackRetry::new(&CONFIG);
    let attempt = AttemptFuture::new(
        &mut retry,
        || &CALM,
        CircuitLayer::new(&circuit, &CALM, ()),
        || &(refused,),
        ready(Ok(7)),
        |outcome: &Outcome| Inspect::of(outcome).__traits_in_stack(),
    );
    assert_eq!(poll(pin!(attempt)), Poll::Ready(Some(Ok(7))));
    assert!(!retry.is_retried());
    let stats = registry::operation(CALM.name()).expect("it is registered");
    assert_eq!((stats.recovered, stats.retries), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failure_a_wait_and_a_success_are_a_call_that_recovered() {
    static RECOVERS: Operation = Operation::new("attempt_future::recovers");
    RECOVERS.register();
    let (circuit, began) = (circuit(), Instant::now());
    let mut retry = StackRetry::new(&CONFIG);
    for (number, outcome) in [(1, busy()), (2, busy()), (3, Ok(7))] {
        let body = async {
            assert_eq!(began.elapsed(), [0, 1, 3][number - 1] * SECOND);
            outcome.clone()
        };
        let attempt = AttemptFuture::new(
            &mut retry,
            || &RECOVERS,
            CircuitLayer::new(&circuit, &RECOVERS, ()),
            || &(refused,),
            body,
            |outcome: &Outcome| Inspect::of(outcome).__traits_in_stack(),
        );
        assert_eq!(attempt.await, (number == 3).then_some(Ok(7)));
    }
    assert_eq!(calls(&circuit), (1, 2, 0));
    let stats = registry::operation(RECOVERS.name()).expect("it is registered");
    assert_eq!((stats.recovered, stats.retries), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_returns_its_error() {
    let circuit = circuit();
    let config = AT_ONCE.max_retries(1);
    let mut retry = StackRetry::new(&config);
    let first = attempt!(&mut retry, &circuit, ready(busy())).await;
    let second = attempt!(&mut retry, &circuit, ready(Err("gone".to_owned()))).await;
    assert_eq!((first, second), (None, Some(Err("gone".to_owned()))));
}

#[tokio::test(start_paused = true)]
async fn a_refused_attempt_ends_the_call_with_the_last_error_of_the_body() {
    let circuit = circuit();
    let mut retry = StackRetry::new(&AT_ONCE);
    assert_eq!(attempt!(&mut retry, &circuit, ready(busy())).await, None);
    circuit.isolate();
    let body = poll_fn(|_| -> Poll<Outcome> { unreachable!("the circuit refuses it") });
    assert_eq!(attempt!(&mut retry, &circuit, body).await, Some(busy()));

    let mut retry = StackRetry::new(&AT_ONCE);
    let refused = attempt!(&mut retry, &circuit, ready(Ok(7))).await;
    let Some(Err(error)) = refused else {
        panic!("it is refused, and not {refused:?}")
    };
    assert!(error.contains("is isolated"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_too_long_is_dropped_before_the_attempt_ends() {
    let (circuit, held) = (circuit(), Rc::new(()));
    let mut retry = StackRetry::new(&CONFIG);
    let body = {
        let held = Rc::clone(&held);
        async move {
            let outcome = pending::<Outcome>().await;
            drop(held);
            outcome
        }
    };
    let mut attempt = Box::pin(attempt!(&mut retry, &circuit, body));
    let around = frame();
    assert!(poll(attempt.as_mut()).is_pending());
    assert_eq!(frame(), around);
    advance(10 * SECOND).await;
    assert_eq!(poll(attempt.as_mut()), Poll::Ready(None));
    assert_eq!(Rc::strong_count(&held), 1, "the future of it still lives");
    assert_eq!(frame(), around);
    drop(attempt);
    assert_eq!(calls(&circuit), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_before_its_first_poll_did_nothing() {
    let circuit = circuit();
    let mut retry = StackRetry::new(&CONFIG);
    drop(attempt!(&mut retry, &circuit, ready(Ok(7))));
    assert_eq!(calls(&circuit), (0, 0, 0));
    assert_eq!(
        attempt!(&mut retry, &circuit, ready(Ok(7))).await,
        Some(Ok(7))
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_while_it_waits_asked_no_circuit() {
    let (circuit, runs) = (circuit(), Cell::new(0));
    let mut retry = StackRetry::new(&CONFIG);
    assert_eq!(attempt!(&mut retry, &circuit, ready(busy())).await, None);
    {
        let body = async {
            runs.set(runs.get() + 1);
            Ok(7)
        };
        let mut attempt = pin!(attempt!(&mut retry, &circuit, body));
        assert!(poll(attempt.as_mut()).is_pending());
        // A poll that comes too early changes nothing.
        advance(SECOND / 2).await;
        assert!(poll(attempt.as_mut()).is_pending());
    }
    assert_eq!((runs.get(), calls(&circuit)), (0, (0, 1, 0)));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_in_its_body_is_abandoned() {
    let circuit = circuit();
    let mut retry = StackRetry::new(&CONFIG);
    let around = frame();
    {
        let body = async {
            sleep(SECOND).await;
            Ok(7)
        };
        let mut attempt = pin!(attempt!(&mut retry, &circuit, body));
        assert!(poll(attempt.as_mut()).is_pending());
    }
    assert_eq!(calls(&circuit), (0, 0, 1));
    assert_eq!(frame(), around);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_reach_the_deadline_is_not_begun() {
    let circuit = circuit();
    for (deadline, ends) in [(SECOND, true), (2 * SECOND, false)] {
        let (mut retry, began) = (StackRetry::new(&CONFIG), Instant::now());
        let attempt = attempt!(&mut retry, &circuit, ready(busy()));
        let outcome = with_deadline(began + deadline, attempt).await;
        assert_eq!(outcome, ends.then(busy), "with {deadline:?}");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_during_the_wait_lets_no_body_run() {
    let circuit = circuit();
    let mut retry = StackRetry::new(&CONFIG);
    assert_eq!(attempt!(&mut retry, &circuit, ready(busy())).await, None);
    // The deadline is that of another caller, who was not there when the retry decided to wait.
    let body = poll_fn(|_| -> Poll<Outcome> { unreachable!("its time is over") });
    let attempt = attempt!(&mut retry, &circuit, body);
    let outcome = with_deadline(Instant::now() + SECOND / 2, attempt).await;
    assert_eq!(outcome, Some(busy()), "the last error of the body");
    assert_eq!(calls(&circuit), (0, 1, 0), "and no fault of the service");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_is_a_failure_and_leaves_the_threads_frame_as_it_was() {
    let circuit = circuit();
    let mut retry = StackRetry::new(&CONFIG);
    let body = poll_fn(|_| -> Poll<Outcome> { resume_unwind(Box::new("expected")) });
    let around = frame();
    let mut attempt = Box::pin(attempt!(&mut retry, &circuit, body));
    let caught = catch_unwind(AssertUnwindSafe(|| poll(attempt.as_mut())));
    let panic = caught.expect_err("the panic passes through");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"expected"));
    assert_eq!(frame(), around);
    assert_eq!(calls(&circuit), (0, 1, 0), "before the future is dropped");
    drop(attempt);
    assert_eq!(calls(&circuit), (0, 1, 0));
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[test]
fn it_has_room_for_the_layers_the_body_and_a_reference() {
    fn size_of_future<T>(_: &T) -> usize {
        size_of::<T>()
    }
    let circuit = circuit();
    let layers = size_of_future(&Nested::new(
        CircuitLayer::new(&circuit, &TEST, AboveTimeout(())),
        TimeoutLayer::new(&LIMIT),
    ));
    let mut retry = StackRetry::new(&CONFIG);
    let body = async {
        sleep(SECOND).await;
        Ok(7)
    };
    // The place of a body that is gone has a word at most.
    let largest = layers + size_of_future(&body) + 2 * size_of::<usize>();
    assert!(size_of_future(&attempt!(&mut retry, &circuit, body)) <= largest);
}
