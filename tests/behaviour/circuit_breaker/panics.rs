//! Panics pass through unchanged and leave no lock poisoned and no slot taken.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use resilience::{CircuitState, circuit_breaker};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

/// Returns the payload of the panic as text.
fn text(payload: &(dyn std::any::Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied()
}

#[test]
fn a_panic_is_a_failure_and_passes_through() {
    const NAME: &str = "panics::sync";
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    fn call(panics: bool) -> Result<u8, ApiError> {
        assert!(!panics, "the body's own");
        Ok(7)
    }
    let payload = catch_unwind(|| call(true)).unwrap_err();
    assert_eq!(text(&*payload), Some("the body's own"));
    assert_eq!(call(false), Ok(7), "the circuit goes on");
    assert!(catch_unwind(|| call(true)).is_err());
    assert_eq!(
        (stats(NAME).failures, circuit(NAME).state()),
        (2, CircuitState::Open)
    );
    assert!(catch_unwind(|| call(true)).is_ok_and(|refused| refused.unwrap_err().is_refusal()));
}

#[tokio::test]
async fn a_panic_in_a_task_is_a_failure_and_is_the_tasks() {
    const NAME: &str = "panics::task";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    async fn call() -> Result<(), ApiError> {
        tokio::task::yield_now().await;
        panic!("the body's own");
    }
    let payload = tokio::spawn(call()).await.unwrap_err().into_panic();
    assert_eq!(text(&*payload), Some("the body's own"));
    assert_eq!((stats(NAME).failures, stats(NAME).abandoned), (1, 0));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
    let refused = tokio::spawn(call())
        .await
        .expect("no panic: it is not called");
    assert!(refused.unwrap_err().is_refusal());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_opens_again_and_frees_its_slot() {
    const NAME: &str = "panics::probe";
    #[circuit_breaker(name = NAME, recovery_timeout = 1s, success_threshold = 1)]
    fn call(panics: bool) -> Result<(), ApiError> {
        assert!(!panics, "the body's own");
        Ok(())
    }
    assert_eq!(call(false), Ok(()));
    circuit(NAME).trip();
    advance(Duration::from_secs(1)).await;
    assert!(catch_unwind(|| call(true)).is_err());
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).opened),
        (CircuitState::Open, 2)
    );
    advance(Duration::from_secs(1)).await;
    assert_eq!(call(false), Ok(()));
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[tokio::test]
async fn a_filter_that_panics_is_a_failed_call() {
    const NAME: &str = "panics::filter";
    #[circuit_breaker(name = NAME, failure_if = |_| panic!("the filter's own"))]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    let panicked = tokio::spawn(call(Err(ApiError::Down)))
        .await
        .unwrap_err()
        .into_panic();
    assert_eq!(text(&*panicked), Some("the filter's own"));
    assert_eq!(call(Ok(())).await, Ok(()));
    assert_eq!(
        (
            stats(NAME).failures,
            stats(NAME).successes,
            stats(NAME).abandoned
        ),
        (1, 1, 0)
    );
}

#[test]
fn a_fallback_or_a_conversion_that_panics_harms_no_circuit() {
    const NAME: &str = "panics::fallback";
    #[circuit_breaker(name = NAME, fallback = |_| panic!("the fallback's own"))]
    fn with_fallback() -> Result<(), ApiError> {
        Ok(())
    }
    #[circuit_breaker(name = NAME, error = |_| panic!("the conversion's own"))]
    fn with_error() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(with_fallback(), Ok(()));
    circuit(NAME).isolate();
    assert_eq!(
        text(&*catch_unwind(with_fallback).unwrap_err()),
        Some("the fallback's own")
    );
    assert_eq!(
        text(&*catch_unwind(with_error).unwrap_err()),
        Some("the conversion's own")
    );
    circuit(NAME).reset();
    assert_eq!(with_error(), Ok(()));
    assert_eq!(
        (
            stats(NAME).refused,
            stats(NAME).successes,
            stats(NAME).failures
        ),
        (2, 2, 0)
    );
}

#[test]
fn a_call_from_a_destructor_while_the_thread_panics_is_judged_by_its_outcome() {
    const NAME: &str = "panics::destructor";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    fn farewell() -> Result<(), ApiError> {
        Ok(())
    }
    struct Session;
    impl Drop for Session {
        fn drop(&mut self) {
            assert_eq!(farewell(), Ok(()));
        }
    }
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _session = Session;
        panic!("elsewhere");
    }));
    assert_eq!(text(&*caught.unwrap_err()), Some("elsewhere"));
    assert_eq!((stats(NAME).successes, stats(NAME).failures), (1, 0));
}
