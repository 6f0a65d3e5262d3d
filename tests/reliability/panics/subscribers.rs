//! Panics of listeners and of subscribers of `tracing`.

use std::{
    panic::{panic_any, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use resilience::{CircuitBreaker, CircuitState, retry};
use tokio::time::advance;
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use super::{CONFIG, Expected, Fault, RECOVERY, block_on, blow_up, caught};
use crate::alone::is_alone;

#[test]
fn a_listener_that_panics_breaks_no_call_and_no_other_listener() {
    /// Even the payload may panic, when it is dropped.
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            blow_up("payload");
        }
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    let heard = Arc::new(AtomicUsize::new(0));
    breaker.on_transition(|_| resume_unwind(Box::new(Explosive)));
    breaker.on_transition({
        let heard = Arc::clone(&heard);
        move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    breaker.acquire().unwrap().failure();
    breaker.reset();
    assert_eq!(heard.load(Ordering::Relaxed), 2);
    breaker.acquire().unwrap().success();
}

/// A subscriber that panics at every event.
struct Broken;

impl Subscriber for Broken {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        panic_any(Expected("subscriber"));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_subscriber_that_panics_costs_neither_the_outcome_nor_a_listener_its_news() {
    if !is_alone(a_subscriber_that_panics_costs_neither_the_outcome_nor_a_listener_its_news) {
        return;
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    let heard = Arc::new(AtomicUsize::new(0));
    breaker.on_transition({
        let heard = Arc::clone(&heard);
        move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    let permit = breaker.acquire().unwrap();
    assert_eq!(
        caught(|| with_default(Broken, || permit.failure())),
        "subscriber"
    );
    assert_eq!(
        (breaker.stats().failures, breaker.state()),
        (1, CircuitState::Open)
    );
    assert_eq!(heard.load(Ordering::Relaxed), 1);
    breaker.reset();
    breaker.acquire().unwrap().success();
}

#[test]
fn a_subscriber_that_panics_as_probing_begins_takes_no_slot() {
    if !is_alone(a_subscriber_that_panics_as_probing_begins_takes_no_slot) {
        return;
    }
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        breaker.trip();
        advance(RECOVERY).await;
        assert_eq!(
            caught(|| with_default(Broken, || drop(breaker.acquire()))),
            "subscriber"
        );
        assert_eq!(breaker.stats().abandoned, 1);
        breaker.acquire().expect("the slot is free").success();
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[test]
fn a_subscriber_that_panics_while_a_call_unwinds_does_not_end_the_process() {
    if !is_alone(a_subscriber_that_panics_while_a_call_unwinds_does_not_end_the_process) {
        return;
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    breaker.on_transition(|_| blow_up("listener"));
    let place = caught(|| {
        with_default(Broken, || {
            let _permit = breaker.acquire().unwrap();
            blow_up("body");
        })
    });
    assert_eq!(place, "body");
    assert_eq!(
        (breaker.stats().failures, breaker.state()),
        (1, CircuitState::Open)
    );
}

#[retry(max_retries = 2, base_delay = 0s)]
fn fails(attempts: &AtomicUsize) -> Result<(), Fault> {
    attempts.fetch_add(1, Ordering::Relaxed);
    Err(Fault)
}

#[test]
fn a_subscriber_that_panics_stops_a_retry_with_its_panic() {
    if !is_alone(a_subscriber_that_panics_stops_a_retry_with_its_panic) {
        return;
    }
    let attempts = AtomicUsize::new(0);
    assert_eq!(
        caught(|| with_default(Broken, || fails(&attempts))),
        "subscriber"
    );
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}
