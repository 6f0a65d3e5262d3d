//! Sync timeouts inside of other deadlines.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, TimedOut, TimeoutConfig, circuit_breaker, timeout,
    with_deadline,
};
use tokio::time::Instant;

use super::SECOND;
use crate::abandoned::with_growing_limits;

const SHORT: Duration = Duration::from_millis(20);

#[timeout(3600s, operation = "inner")]
fn hangs() -> Result<(), TimedOut> {
    while !resilience::is_abandoned() {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

#[timeout(3600s, mode = cooperative, operation = "inner")]
fn runs_on_in_place() -> Result<(), TimedOut> {
    let at = resilience::deadline().expect("inside of a timeout");
    thread::sleep(at.saturating_duration_since(Instant::now()) + Duration::from_millis(1));
    Ok(())
}

/// Calls `inner` in a timeout in which it begins, and returns the limit and both errors.
fn both_errors(
    inner: fn() -> Result<(), TimedOut>,
    run: impl Fn(TimeoutConfig, Box<dyn FnOnce() + Send>) -> Result<(), TimedOut>,
) -> (Duration, [TimedOut; 2]) {
    with_growing_limits(|limit| {
        let (sender, received) = mpsc::channel();
        let body = move || sender.send(inner().unwrap_err()).unwrap();
        let outer = run(TimeoutConfig::new(limit), Box::new(body)).unwrap_err();
        outer.was_started().then(|| {
            let inner = received.recv_timeout(60 * SECOND).unwrap();
            (limit, [outer, inner])
        })
    })
}

#[test]
fn the_inner_one_inherits_and_the_outer_ones_limit_is_its_own() {
    for inner in [hangs, runs_on_in_place] {
        for (limit, [outer, inner]) in [
            both_errors(inner, TimeoutConfig::run_thread),
            both_errors(inner, TimeoutConfig::run_cooperative),
        ] {
            assert!(inner.is_inherited() && inner.limit() <= limit);
            assert!(!outer.is_inherited());
            assert_eq!(outer.limit(), limit);
        }
    }
}

#[test]
fn the_circuits_of_both_count_the_outer_limit_alone() {
    #[circuit_breaker(breaker = &breakers.0, error = |_| unreachable!())]
    #[timeout(20ms)]
    fn outer(breakers: (CircuitBreaker, CircuitBreaker)) -> Result<(), TimedOut> {
        inner(breakers.1)
    }
    #[circuit_breaker(breaker = &breaker, error = |_| unreachable!())]
    #[timeout(3600s)]
    fn inner(breaker: CircuitBreaker) -> Result<(), TimedOut> {
        hangs()
    }
    let new = || {
        CircuitBreaker::new(
            "nested",
            CircuitBreakerConfig::new().failure_threshold(1_000),
        )
    };
    let breakers = (new(), new());
    let (mut calls, mut begun) = (0, 0);
    while begun < 10 {
        // A busy machine may not begin the body within the limit, and then the circuit ignores the
        // call.
        assert!(calls < 100, "{begun} of {calls} bodies begin");
        calls += 1;
        begun += u64::from(outer(breakers.clone()).unwrap_err().was_started());
    }
    assert_eq!(breakers.0.stats().failures, begun);
    // The abandoned bodies end a moment later.
    let end = std::time::Instant::now() + 60 * SECOND;
    while breakers.1.stats().ignored < begun {
        assert!(std::time::Instant::now() < end, "{:?}", breakers.1.stats());
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(breakers.1.stats().failures, 0);
}

#[tokio::test]
async fn inside_of_a_deadline_from_outside_they_end_by_it_and_do_not_begin_after_it() {
    for inner in [hangs, runs_on_in_place] {
        let at = Instant::now() + SHORT;
        let error = with_deadline(at, async { inner() }).await.unwrap_err();
        assert!(error.is_inherited() && error.limit() <= SHORT);
        let error = with_deadline(at, async { inner() }).await.unwrap_err();
        assert!(error.is_inherited() && !error.was_started());
        assert_eq!(
            error.to_string(),
            "`inner` was not started: the deadline of its caller had passed"
        );
    }
}

#[tokio::test]
async fn inside_of_an_async_timeout_they_end_by_its_deadline() {
    #[timeout(20ms)]
    async fn outer(inner: fn() -> Result<(), TimedOut>) -> Result<(), TimedOut> {
        inner()
    }
    for inner in [hangs, runs_on_in_place] {
        // A body that is done when it is polled late wins, so the inner error is returned.
        let error = outer(inner).await.unwrap_err();
        assert_eq!((error.operation(), error.is_inherited()), ("inner", true));
    }
}

#[tokio::test]
async fn a_circuit_of_a_sync_stack_ignores_it_whatever_the_error_keeps() {
    #[circuit_breaker(breaker = &breaker, error = |_| "open")]
    #[timeout(3600s, error = |_| "late")]
    fn on_a_worker(breaker: CircuitBreaker) -> Result<(), &'static str> {
        while !resilience::is_abandoned() {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
    #[circuit_breaker(breaker = &breaker, error = |_| "open")]
    #[timeout(3600s, mode = cooperative, error = |_| "late")]
    fn in_place(breaker: CircuitBreaker) -> Result<(), &'static str> {
        let _ = runs_on_in_place();
        Ok(())
    }
    for call in [on_a_worker, in_place] {
        let breaker = CircuitBreaker::new("sync", CircuitBreakerConfig::new());
        let at = Instant::now() + SHORT;
        let outcome = with_deadline(at, async { call(breaker.clone()) }).await;
        assert_eq!(outcome, Err("late"));
        let outcome = with_deadline(at, async { call(breaker.clone()) }).await;
        assert_eq!(outcome, Err("late"));
        let stats = breaker.stats();
        assert_eq!((stats.failures, stats.ignored), (0, 2));
    }
}
