//! `#[every_third]` among the other attributes: they treat its refusals as those of an open
//! circuit, although they know it by its properties only.
//!
//! `RUSTFLAGS="--cfg resilience_test_policy" cargo test -p resilience-test-policy --target-dir target/test-policy`
#![cfg(all(test, resilience_test_policy))]

use std::cell::Cell;
use std::io;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, Refusal, RefusalKind, circuit_breaker, every_third,
    is_refusal, retry, timeout,
};

/// An error that does not hold what refused the call, so that only the stack knows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plain {
    Busy,
    Refused,
}

fn breaker(threshold: u32) -> CircuitBreaker {
    CircuitBreaker::new(
        "service",
        CircuitBreakerConfig::new().failure_threshold(threshold),
    )
}

#[test]
fn a_retry_does_not_retry_its_refusals() {
    #[retry(max_retries = 5, base_delay = 0s)]
    #[every_third]
    fn call(bodies: &Cell<u32>) -> io::Result<()> {
        bodies.set(bodies.get() + 1);
        Err(io::Error::other("busy"))
    }
    let bodies = Cell::new(0);
    let error = call(&bodies).expect_err("the body fails twice, and the third attempt is refused");
    assert_eq!((bodies.get(), error.to_string().as_str()), (2, "busy"));
}

#[test]
fn a_refusal_at_once_says_what_refused() {
    #[retry(max_retries = 5, base_delay = 0s)]
    #[timeout(1h)]
    #[every_third(first = 1)]
    fn call() -> io::Result<()> {
        Ok(())
    }
    let error = call().expect_err("the first call is refused");
    assert!(is_refusal(&error));
    assert_eq!(
        Refusal::of(&error).map(Refusal::kind),
        Some(RefusalKind::EveryThird)
    );
}

#[test]
fn an_error_that_loses_the_refusal_is_known_from_the_stack() {
    #[retry(max_retries = 5, base_delay = 0s)]
    #[circuit_breaker(breaker = breaker, error = Plain::Refused)]
    #[every_third(error = Plain::Refused)]
    fn call(breaker: &CircuitBreaker, bodies: &Cell<u32>) -> Result<(), Plain> {
        bodies.set(bodies.get() + 1);
        Err(Plain::Busy)
    }
    let (breaker, bodies) = (breaker(10), Cell::new(0));
    assert_eq!(call(&breaker, &bodies), Err(Plain::Busy));
    assert_eq!(bodies.get(), 2);
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.ignored), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn it_stands_anywhere_in_an_async_stack() {
    #[every_third(error = Plain::Refused)]
    #[retry(max_retries = 1, base_delay = 1s)]
    #[timeout(5s, error = Plain::Busy)]
    async fn outside(bodies: &Cell<u32>) -> Result<(), Plain> {
        bodies.set(bodies.get() + 1);
        tokio::task::yield_now().await;
        Err(Plain::Busy)
    }
    #[timeout(1h, error = Plain::Busy)]
    #[circuit_breaker(breaker = breaker, error = Plain::Refused)]
    #[every_third(error = Plain::Refused)]
    #[every_third(first = 100, error = Plain::Refused)]
    async fn inside(breaker: &CircuitBreaker) -> Result<(), Plain> {
        tokio::task::yield_now().await;
        Ok(())
    }
    let bodies = Cell::new(0);
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(outside(&bodies).await);
    }
    assert_eq!(
        outcomes,
        [Err(Plain::Busy), Err(Plain::Busy), Err(Plain::Refused)]
    );
    assert_eq!(bodies.get(), 4);

    let breaker = breaker(1);
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(inside(&breaker).await);
    }
    assert_eq!(outcomes, [Ok(()), Ok(()), Err(Plain::Refused), Ok(())]);
    let stats = breaker.stats();
    assert_eq!((stats.successes, stats.failures, stats.ignored), (3, 0, 1));
}

#[test]
fn on_a_worker_the_refusal_is_known_outside() {
    #[circuit_breaker(breaker = &breaker, error = Plain::Refused)]
    #[timeout(1h, error = Plain::Busy)]
    #[every_third(first = 1, error = Plain::Refused)]
    fn call(breaker: CircuitBreaker) -> Result<(), Plain> {
        drop(breaker);
        Ok(())
    }
    let breaker = breaker(1);
    assert_eq!(call(breaker.clone()), Err(Plain::Refused));
    assert_eq!(breaker.stats().ignored, 1);
}
