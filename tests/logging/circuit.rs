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

fn step(
    level: Level,
    message: &str,
    [from, to]: [&str; 2],
    failures: u64,
    retry_after: &str,
) -> Logged {
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
    assert_eq!(
        capture.take(),
        [step(
            Level::WARN,
            "circuit opened",
            ["closed", "open"],
            2,
            "Some(30s)"
        )]
    );

    assert_eq!(call(Ok(7)).await, Err(Error::Refused));
    assert_eq!(
        capture.take(),
        [],
        "a refusal is counted, not told: there are too many"
    );

    advance(Duration::from_secs(30)).await;
    assert_eq!(call(Ok(7)).await, Ok(7));
    let levels: Vec<_> = capture
        .take()
        .into_iter()
        .map(|mut event| (event.level, event.fields.remove("to")))
        .collect();
    assert_eq!(
        levels,
        [
            (Level::INFO, Some(shown("half_open"))),
            (Level::INFO, Some(shown("closed")))
        ]
    );
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
    assert_eq!(
        (logged[0].level, &logged[0].fields["circuit"]),
        (Level::WARN, &"log_sync".into())
    );
    registry::get("log_sync").expect("it was called").reset();
    assert_eq!(
        capture
            .take()
            .iter()
            .map(|event| event.level)
            .collect::<Vec<_>>(),
        [Level::INFO]
    );
}

#[tokio::test(start_paused = true)]
async fn a_relapse_is_a_warning_too() {
    #[circuit_breaker(name = "log_relapse", failure_threshold = 1, recovery_timeout = 1s)]
    async fn call() -> Result<u8, Error> {
        Err(Error::Down)
    }
    assert_eq!(call().await, Err(Error::Down));
    advance(Duration::from_secs(1)).await;
    let capture = Capture::begin();
    assert_eq!(call().await, Err(Error::Down));
    let mut logged = capture.take();
    let relapse = logged.pop().expect("two events");
    assert_eq!((logged.len(), relapse.level), (1, Level::WARN));
    assert_eq!(
        (&relapse.fields["from"], &relapse.fields["to"]),
        (&shown("half_open"), &shown("open"))
    );
}

#[test]
fn what_an_operator_does_is_told_where_it_changes_something() {
    #[circuit_breaker(name = "log_operator")]
    fn call() -> Result<u8, Error> {
        Ok(7)
    }
    assert_eq!(call(), Ok(7));
    let capture = Capture::begin();
    let circuit = registry::get("log_operator").expect("it was called");
    circuit.reset();
    circuit.trip();
    circuit.trip();
    circuit.isolate();
    circuit.isolate();
    circuit.reset();
    let steps: Vec<_> = capture
        .take()
        .into_iter()
        .map(|mut event| {
            (
                event.level,
                ["message", "from", "to"].map(|field| event.fields.remove(field)),
            )
        })
        .collect();
    let step = |level, fields: [&str; 3]| (level, fields.map(|field| Some(shown(field))));
    assert_eq!(
        steps,
        [
            step(Level::WARN, ["circuit opened", "closed", "open"]),
            step(Level::WARN, ["circuit isolated", "open", "open"]),
            step(Level::INFO, ["circuit closed", "open", "closed"]),
        ]
    );
}
