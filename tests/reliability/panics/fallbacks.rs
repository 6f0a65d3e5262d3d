//! Panics of fallbacks.

use std::time::Duration;

use resilience::{CircuitBreaker, CircuitOpen, CircuitState, circuit_breaker, fallback};
use tokio::time::{advance, sleep};

use super::{At, CONFIG, CatchUnwind, Fault, RECOVERY, block_on, blow_up, caught, payload};

#[circuit_breaker(breaker = breaker, fallback = |_open| blow_up("fallback"))]
fn with_fallback(breaker: &CircuitBreaker) -> Result<(), CircuitOpen> {
    Ok(())
}

#[test]
fn a_panic_in_a_fallback_takes_no_slot() {
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        breaker.trip();
        assert_eq!(caught(|| with_fallback(&breaker)), "fallback");
        advance(RECOVERY).await;
        assert!(with_fallback(&breaker).is_ok());
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[circuit_breaker(breaker = breaker, error = Fault)]
#[fallback(
    |_| { at.pass("answer"); Ok(7) },
    on(Fault if { at.pass("guard"); true }),
    when = |_| { at.pass("when"); true },
)]
fn answered(breaker: &CircuitBreaker, at: At) -> Result<u8, Fault> {
    at.pass("body");
    Err(Fault)
}

async fn answer(_: &Fault, breaker: &CircuitBreaker, at: &At) -> Result<u8, Fault> {
    sleep(Duration::from_secs(1)).await;
    at.pass("answer");
    breaker
        .acquire()
        .map(resilience::Permit::ignore)
        .map_err(|_| Fault)?;
    Ok(7)
}

#[fallback(answer, when = |_| { at.pass("when"); true })]
#[circuit_breaker(breaker = breaker, failure_if = |_| false, error = Fault)]
async fn answered_async(breaker: &CircuitBreaker, at: At) -> Result<u8, Fault> {
    at.pass("body");
    Err(Fault)
}

#[test]
fn a_panic_in_an_answer_or_in_its_filters_goes_on_and_takes_no_slot() {
    for place in ["body", "guard", "when", "answer"] {
        block_on(async {
            let breaker = CircuitBreaker::new("panics", CONFIG);
            assert_eq!(caught(|| answered(&breaker, At(place))), place);
            assert_eq!(breaker.stats().failures, 1, "{place} is within the circuit");
            advance(RECOVERY).await;
            assert_eq!(answered(&breaker, At("nowhere")).ok(), Some(7));
            assert_eq!(breaker.state(), CircuitState::Closed);
        });
    }
    for place in ["body", "when", "answer"] {
        block_on(async {
            let breaker = CircuitBreaker::new("panics", CONFIG.failure_threshold(9));
            let call = Box::pin(answered_async(&breaker, At(place)));
            assert_eq!(payload(&*CatchUnwind(call).await), place);
            let stats = breaker.stats();
            assert_eq!(stats.failures, u64::from(place == "body"), "{place}");
            assert_eq!(answered_async(&breaker, At("nowhere")).await.ok(), Some(7));
        });
    }
}
