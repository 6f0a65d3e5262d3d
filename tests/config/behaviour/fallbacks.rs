//! A fallback that the file takes away lets errors pass.

use std::io::{self, ErrorKind};
use std::time::Duration;

use resilience::{CircuitOpen, Source, circuit_breaker, config, fallback, registry, retry};
use resilience_config_tests::{Turn, setting};
use tokio::time::Instant;

#[fallback(|_| Ok("cached"), operation = "fallbacks.plain")]
fn plain() -> io::Result<&'static str> {
    Err(ErrorKind::Other.into())
}

#[fallback(|_| Ok("cached"), on(io::Error { .. }), operation = "fallbacks.later")]
async fn later() -> io::Result<&'static str> {
    Err(ErrorKind::Other.into())
}

#[test]
fn a_fallback_that_is_not_enabled_returns_the_error_and_counts_nothing() {
    let turn = Turn::begin();
    assert_eq!(plain().expect("answered"), "cached");
    let uses = || {
        registry::operation("fallbacks.plain")
            .expect("it ran")
            .fallbacks
    };
    let before = uses();
    turn.set("[fallback.\"fallbacks.plain\"]\nenabled = false");
    assert_eq!(plain().expect_err("not answered").kind(), ErrorKind::Other);
    assert_eq!(uses(), before);
    let (value, source) = setting("fallbacks.plain", "fallback", "enabled");
    let path = "apply".to_owned();
    assert_eq!(
        (value.as_str(), source),
        ("false", Source::File { path, line: 2 })
    );
    turn.set("[default.fallback]\nenabled = false\n[fallback.\"fallbacks.plain\"]\nenabled = true");
    assert_eq!(plain().expect("answered again"), "cached");
    turn.set("[fallback.\"fallbacks.plain\"]");
    assert_eq!(plain().expect("a section may be empty"), "cached");
    turn.set("");
    assert_eq!(plain().expect("answered"), "cached");
    assert_eq!(uses(), before + 3);
}

#[tokio::test]
async fn a_fallback_that_runs_later_takes_its_section() {
    let turn = Turn::begin();
    turn.set("[default.fallback]\nenabled = false");
    later().await.expect_err("not answered");
    assert_eq!(config::unused(), [""; 0]);
    turn.set("");
    later().await.expect("answered");
}

#[derive(Debug, PartialEq)]
enum Error {
    Down,
    Open,
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

#[retry(max_retries = 3, base_delay = 1s, jitter = none, operation = "fallbacks.stacked")]
#[fallback(|_| Ok("cached"))]
#[circuit_breaker(name = "fallbacks.stacked", failure_threshold = 1, recovery_timeout = 60s)]
async fn stacked() -> Result<&'static str, Error> {
    Err(Error::Down)
}

#[retry(max_retries = 3, base_delay = 1s, jitter = none, operation = "fallbacks.alone")]
#[circuit_breaker(name = "fallbacks.alone", failure_threshold = 1, recovery_timeout = 60s)]
async fn alone() -> Result<&'static str, Error> {
    Err(Error::Down)
}

/// An enabled fallback answers the refusals of a circuit below it, so the retry above does not ask
/// how long that circuit refuses. It asks while the file takes the fallback away.
#[tokio::test(start_paused = true)]
async fn below_a_fallback_that_is_not_enabled_a_retry_asks_how_long_a_circuit_refuses() {
    let turn = Turn::begin();
    turn.set("[default.fallback]\nenabled = false");
    let start = Instant::now();
    assert_eq!(alone().await, Err(Error::Down));
    assert_eq!(stacked().await, Err(Error::Down));
    assert_eq!(start.elapsed(), Duration::ZERO, "both know of the circuit");
    let gave_up = |name| registry::operation(name).expect("it ran").gave_up;
    let (alone, stacked) = (gave_up("fallbacks.alone"), gave_up("fallbacks.stacked"));
    assert_eq!((alone.circuit_open, alone.total()), (1, 1));
    assert_eq!(stacked, alone, "as without the fallback");
}

#[retry(max_retries = 3, base_delay = 1s, jitter = none, operation = "fallbacks.of_refusals")]
#[fallback(|_| Ok("cached"), on(Error::Open))]
#[circuit_breaker(name = "fallbacks.of_refusals", failure_threshold = 1, recovery_timeout = 60s)]
async fn answers_refusals() -> Result<&'static str, Error> {
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn below_a_fallback_that_is_enabled_a_retry_waits_for_the_answer_to_a_refusal() {
    let turn = Turn::begin();
    let start = Instant::now();
    assert_eq!(answers_refusals().await, Ok("cached"));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    registry::reset("fallbacks.of_refusals");
    turn.set("[fallback.\"fallbacks.of_refusals\"]\nenabled = false");
    assert_eq!(answers_refusals().await, Err(Error::Down));
    assert_eq!(start.elapsed(), Duration::from_secs(1), "no wait");
}
