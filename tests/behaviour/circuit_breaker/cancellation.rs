//! Calls that are dropped before they end.

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience::{CircuitState, circuit_breaker, registry};
use tokio::time::{advance, timeout};

use super::{ApiError, circuit, stats};

fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_dropped_call_is_abandoned_and_nothing_else() {
    const NAME: &str = "cancellation::dropped";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    async fn call() -> Result<(), ApiError> {
        pending().await
    }
    assert!(poll_once(call()).is_pending());
    let stats = stats(NAME);
    assert_eq!((stats.abandoned, stats.state), (1, CircuitState::Closed));
    assert_eq!(
        (
            stats.successes,
            stats.failures,
            stats.ignored,
            stats.late,
            stats.failure_count
        ),
        (0, 0, 0, 0, 0)
    );
}

#[test]
fn before_the_first_poll_nothing_is_asked_and_nothing_recorded() {
    #[circuit_breaker(name = "cancellation::unpolled")]
    async fn call() -> Result<(), ApiError> {
        Ok(())
    }
    drop(call());
    assert!(registry::get("cancellation::unpolled").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_gives_its_slot_back() {
    const NAME: &str = "cancellation::probe";
    #[circuit_breaker(name = NAME, failure_threshold = 1, recovery_timeout = 1s, success_threshold = 1)]
    async fn call(outcome: Option<Result<(), ApiError>>) -> Result<(), ApiError> {
        match outcome {
            Some(outcome) => outcome,
            None => pending().await,
        }
    }
    assert_eq!(call(Some(Err(ApiError::Down))).await, Err(ApiError::Down));
    advance(Duration::from_secs(1)).await;
    for abandoned in 1..=3 {
        assert!(poll_once(call(None)).is_pending());
        assert_eq!(
            (circuit(NAME).state(), stats(NAME).abandoned),
            (CircuitState::HalfOpen, abandoned)
        );
    }
    assert_eq!(call(Some(Ok(()))).await, Ok(()));
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_caller_and_an_aborted_task_abandon_the_call() {
    const NAME: &str = "cancellation::caller";
    #[circuit_breaker(name = NAME)]
    async fn call() -> Result<(), ApiError> {
        pending().await
    }
    assert!(timeout(Duration::from_secs(1), call()).await.is_err());
    let task = tokio::spawn(call());
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!((stats(NAME).abandoned, stats(NAME).failures), (2, 0));
}

#[test]
fn a_call_that_is_dropped_by_a_panic_elsewhere_is_abandoned() {
    const NAME: &str = "cancellation::unwound";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    async fn call() -> Result<(), ApiError> {
        pending().await
    }
    let caught = std::panic::catch_unwind(|| {
        let mut call = pin!(call());
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        panic!("elsewhere");
    });
    assert!(caught.is_err());
    assert_eq!((stats(NAME).abandoned, stats(NAME).failures), (1, 0));
}

#[test]
fn a_dropped_call_runs_nothing_more_and_drops_what_it_holds() {
    struct Guard<'a>(&'a std::cell::Cell<bool>);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    #[circuit_breaker(name = "cancellation::holds")]
    async fn call(guard: Guard<'_>) -> Result<(), ApiError> {
        let _guard = guard;
        pending::<()>().await;
        unreachable!("it was dropped");
    }
    let dropped = std::cell::Cell::new(false);
    assert!(poll_once(call(Guard(&dropped))).is_pending());
    assert!(dropped.get());
}
