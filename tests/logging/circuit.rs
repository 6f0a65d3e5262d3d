//! `#[circuit_breaker]`: WARN on open, INFO on half-open and close.

use std::time::Duration;

use resilience::{CircuitOpen, circuit_breaker, registry};
use tokio::time::advance;
use tracing::Level;

use crate::capture::{Capture, Logged, Value, shown};

#[derive(Debug, PartialEq)]
enum Error {
    Down,
    Refused,
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::Refused
    }
}

fn step(level: Level, message: &str, [from, to]: [&str; 2], failures: u64, retry_after: &str) -> Logged {
    let fields = [
        ("circuit", Value::from("log_steps")),
        ("from", shown(from)),
        ("to", shown(to)),
        ("failures", failures.into()),
        ("retry_after", shown(retry_after)),
    ];
    Logged::new(level, message, fields)
}

#[tokio::test(start_paused = true)]
async fn every_step_of_a_circuit_is_one_event() {
    #[circuit_breaker(name = "log_steps", failure_threshold = 2, recovery_timeout = 30s, success_threshold = 1)]
    async fn call(outcome: Result<u8, Error>) -> Result<u8, Error> {
        outcome
    }
    let capture = Capture::begin();
    assert_eq!(call(Ok(7)).await, Ok(7));
    assert_eq!(call(Err(Error::Down)).await, Err(Error::Down));
    assert_eq!(capture.take(), [], "nothing has changed yet");

    assert_eq!(call(Err(Error::Down)).await, Err(Error::Down));
    assert_eq!(capture.take(), [step(Level::WARN, "circuit opened", ["closed", "open"], 2, "Some(30s)")]);

    assert_eq!(call(Ok(7)).await, Err(Error::Refused));
    assert_eq!(capture.take(), [], "a refusal is counted, not told: there are too many");

    advance(Duration::from_secs(30)).await;
    assert_eq!(call(Ok(7)).await, Ok(7));
    let levels: Vec<_> = capture.take().into_iter().map(|mut event| (event.level, event.fields.remove("to"))).collect();
    assert_eq!(levels, [(Level::INFO, Some(shown("half_open"))), (Level::INFO, Some(shown("closed")))]);
}

#[test]
fn a_sync_function_says_the_same() {
    #[circuit_breaker(name = "log_sync", failure_threshold = 1, recovery_timeout = 1h)]
    fn call() -> Result<u8, Error> {
        Err(Error::Down)
    }
    let capture = Capture::begin();
    assert_eq!((call(), call()), (Err(Error::Down), Err(Error::Refused)));
    let logged = capture.take();
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert_eq!((logged[0].level, &logged[0].fields["circuit"]), (Level::WARN, &"log_sync".into()));
    registry::get("log_sync").expect("it was called").reset();
    assert_eq!(capture.take().iter().map(|event| event.level).collect::<Vec<_>>(), [Level::INFO]);
}
