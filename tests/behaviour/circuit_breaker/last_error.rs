//! `Transition::last_error` and `CircuitBreakerStats::last_error`: the error that opened a circuit.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState, Transition, circuit_breaker,
};
use tokio::time::advance;

use super::{ApiError, stats};

/// A circuit that opens with the first failure, and its transitions.
fn breaker(name: &'static str) -> (CircuitBreaker, mpsc::Receiver<Transition>) {
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1)
        .success_threshold(1);
    let breaker = CircuitBreaker::new(name, config);
    let (sender, receiver) = mpsc::channel();
    breaker.on_transition(move |transition| sender.send(transition.clone()).unwrap());
    (breaker, receiver)
}

#[tokio::test(start_paused = true)]
async fn the_opening_has_the_text_and_the_other_transitions_have_none() {
    let (breaker, transitions) = breaker("last_error::opening");
    #[circuit_breaker(breaker = breaker)]
    async fn call(breaker: &CircuitBreaker, outcome: io::Result<()>) -> io::Result<()> {
        outcome
    }
    assert_eq!(breaker.stats().last_error, None);
    let down = io::Error::other("the disk is full");
    assert!(call(&breaker, Err(down)).await.is_err());
    advance(Duration::from_secs(30)).await;
    assert!(call(&breaker, Ok(())).await.is_ok());
    let told: Vec<_> = transitions
        .try_iter()
        .map(|transition| (transition.to, transition.last_error))
        .collect();
    assert_eq!(
        told,
        [
            (CircuitState::Open, Some("the disk is full".into())),
            (CircuitState::HalfOpen, None),
            (CircuitState::Closed, None),
        ]
    );
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.last_error.as_deref()),
        (CircuitState::Closed, Some("the disk is full")),
        "it stays in the statistics"
    );
    breaker.trip();
    let tripped = transitions.try_recv().expect("it opened");
    assert_eq!((tripped.to, tripped.last_error), (CircuitState::Open, None));
    assert_eq!(breaker.stats().last_error, None, "no error opened it now");
}

#[test]
fn a_sync_function_and_a_filter_keep_the_error_too() {
    let (breaker, _) = breaker("last_error::sync");
    #[circuit_breaker(breaker = breaker, failure_on(_))]
    fn call(breaker: &CircuitBreaker) -> io::Result<()> {
        Err(io::Error::other("down"))
    }
    assert!(call(&breaker).is_err());
    assert_eq!(breaker.stats().last_error.as_deref(), Some("down"));
}

#[test]
fn an_error_without_display_is_shown_by_debug() {
    const NAME: &str = "last_error::debug";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    fn call() -> Result<(), ApiError> {
        Err(ApiError::Status(503))
    }
    assert_eq!(call(), Err(ApiError::Status(503)));
    assert_eq!(stats(NAME).last_error.as_deref(), Some("Status(503)"));
}

#[test]
fn an_error_that_cannot_be_shown_has_no_text() {
    struct Opaque;
    impl From<CircuitOpen> for Opaque {
        fn from(_: CircuitOpen) -> Self {
            Self
        }
    }
    let (breaker, transitions) = breaker("last_error::opaque");
    #[circuit_breaker(breaker = breaker)]
    fn call(breaker: &CircuitBreaker) -> Result<(), Opaque> {
        Err(Opaque)
    }
    assert!(call(&breaker).is_err());
    assert_eq!(transitions.try_recv().expect("it opened").last_error, None);
}

#[test]
fn a_panic_and_an_ok_that_is_a_failure_have_no_text() {
    let (breaker, transitions) = breaker("last_error::no_error");
    #[circuit_breaker(breaker = breaker, failure_if_ok = |()| true)]
    fn call(breaker: &CircuitBreaker, panics: bool) -> io::Result<()> {
        if panics {
            resume_unwind(Box::new("expected"));
        }
        Ok(())
    }
    assert!(call(&breaker, false).is_ok());
    assert_eq!(transitions.try_recv().expect("it opened").last_error, None);
    breaker.reset();
    assert_eq!(
        transitions.try_recv().map(|closed| closed.to),
        Ok(CircuitState::Closed)
    );
    let caught = catch_unwind(AssertUnwindSafe(|| call(&breaker, true)));
    assert!(caught.is_err());
    assert_eq!(transitions.try_recv().expect("it opened").last_error, None);
}

#[test]
fn the_text_is_escaped_and_cut_and_may_be_ten_megabytes() {
    let (breaker, _) = breaker("last_error::long");
    let text = format!("first\nsecond\x1b[2J {}", "ä".repeat(5_000_000));
    breaker.acquire().expect("closed").failure_with(&text, None);
    let shown = breaker.stats().last_error.expect("a text");
    assert!(shown.starts_with(r"first\nsecond\u{1b}[2J ää"), "{shown}");
    assert!((253..=256).contains(&shown.len()), "{}", shown.len());
}

#[test]
fn a_text_that_panics_breaks_no_call() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            resume_unwind(Box::new("expected"));
        }
    }
    let (breaker, transitions) = breaker("last_error::panics");
    let permit = breaker.acquire_owned().expect("closed");
    permit.failure_with(&Panics, None);
    let opened = transitions.try_recv().expect("it opened");
    assert_eq!((opened.to, opened.last_error), (CircuitState::Open, None));
}

#[test]
fn the_text_is_made_only_if_the_circuit_opens_and_under_no_lock() {
    struct Asks(CircuitBreaker, std::cell::Cell<u32>);
    impl fmt::Display for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.1.set(self.1.get() + 1);
            write!(f, "while it is {}", self.0.stats().state)
        }
    }
    let config = CircuitBreakerConfig::new().failure_threshold(3);
    let breaker = CircuitBreaker::new("last_error::lazy", config);
    let error = Asks(breaker.clone(), std::cell::Cell::new(0));
    for shown in [0, 0, 1] {
        breaker
            .acquire()
            .expect("closed")
            .failure_with(&error, None);
        assert_eq!(error.1.get(), shown);
    }
    assert_eq!(
        breaker.stats().last_error.as_deref(),
        Some("while it is open")
    );
}
