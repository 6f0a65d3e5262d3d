//! `#[circuit_breaker]`: WARN on open, INFO on half-open and close.

use std::time::Duration;

use resilience::{CircuitBreakerConfig, CircuitOpen, Command, circuit_breaker, registry};
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

fn event(level: Level, message: &str, [from, to, reason]: [&str; 3], failures: u64) -> Logged {
    let fields = [
        ("circuit", Value::from("log_steps")),
        ("from", shown(from)),
        ("to", shown(to)),
        ("reason", shown(reason)),
        ("failures", failures.into()),
    ];
    Logged::new(level, message, fields)
}

#[tokio::test(start_paused = true)]
async fn every_transition_of_a_circuit_is_one_event() {
    #[circuit_breaker(name = "log_steps", failure_threshold = 2, recovery_timeout = 30s, success_threshold = 1)]
    async fn call(outcome: Result<u8, Error>) -> Result<u8, Error> {
        outcome
    }
    let capture = Capture::begin();
    assert_eq!(call(Ok(7)).await, Ok(7));
    assert_eq!(call(Err(Error::Down)).await, Err(Error::Down));
    assert_eq!(capture.take(), [], "nothing has changed yet");

    assert_eq!(call(Err(Error::Down)).await, Err(Error::Down));
    let mut opened = event(
        Level::WARN,
        "circuit opened, retry in 30.0s",
        ["closed", "open", "failures"],
        2,
    );
    opened.fields.insert("retry_after_ms", 30_000.0.into());
    opened.fields.insert("error", shown("Down"));
    assert_eq!(capture.take(), [opened]);

    assert_eq!(call(Ok(7)).await, Err(Error::Refused));
    assert_eq!(
        capture.take(),
        [],
        "a refusal is counted, not told: there are too many"
    );

    advance(Duration::from_secs(30)).await;
    assert_eq!(call(Ok(7)).await, Ok(7));
    assert_eq!(
        capture.take(),
        [
            event(
                Level::INFO,
                "circuit half-opened",
                ["open", "half_open", "recovery_elapsed"],
                2
            ),
            event(
                Level::INFO,
                "circuit closed",
                ["half_open", "closed", "probes_succeeded"],
                0
            ),
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
        [Level::WARN, Level::INFO],
        "the command, and the change"
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
    let fields = ["from", "to", "reason"].map(|field| &relapse.fields[field]);
    assert_eq!(
        fields,
        [&shown("half_open"), &shown("open"), &shown("probe_failed")]
    );
}

#[tokio::test(start_paused = true)]
async fn each_command_is_a_warning_and_a_change_follows_where_there_is_one() {
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
        .map(|event| (event.level, event.fields["message"].clone()))
        .collect();
    let warn = |text: &str| (Level::WARN, shown(text));
    assert_eq!(
        steps,
        [
            warn("circuit gets the command reset"),
            warn("circuit gets the command trip"),
            warn("circuit opened, retry in 30.0s"),
            warn("circuit gets the command trip"),
            warn("circuit gets the command isolate"),
            warn("circuit isolated"),
            warn("circuit gets the command isolate"),
            warn("circuit gets the command reset"),
            (Level::INFO, shown("circuit closed")),
        ]
    );
}

#[test]
fn a_command_says_its_reason_its_actor_and_its_time() {
    let circuit = registry::get_or_register("log_command", CircuitBreakerConfig::new());
    let capture = Capture::begin();
    let command = Command::new("a\nERROR b").by("ana");
    circuit.allow_with(command.for_(Duration::from_secs(2)));
    let events = capture.take();
    let [command] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(command.level, Level::WARN);
    let fields = ["circuit", "action", "reason", "by", "for_ms"];
    assert_eq!(
        fields.map(|field| &command.fields[field]),
        [
            &"log_command".into(),
            &shown("allow"),
            &shown("a\\nERROR b"),
            &shown("ana"),
            &2_000.0.into()
        ]
    );
}

#[test]
fn a_circuit_that_admits_all_calls_says_what_it_would_do() {
    let config = CircuitBreakerConfig::new().failure_threshold(1);
    let circuit = registry::get_or_register("log_computed", config);
    circuit.allow();
    let capture = Capture::begin();
    circuit
        .acquire()
        .expect("allowed")
        .failure_with(&"down", None);
    circuit.acquire().expect("allowed").failure();
    let events = capture.take();
    let [opening] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(opening.level, Level::INFO);
    assert_eq!(
        ["message", "from", "to", "reason", "error"].map(|field| &opening.fields[field]),
        [
            &shown("circuit would be open, but it admits all calls"),
            &shown("closed"),
            &shown("open"),
            &shown("failures"),
            &shown("down")
        ]
    );
}

#[test]
fn the_key_of_a_circuit_is_a_field_that_forges_no_line_and_is_short() {
    #[circuit_breaker(name = "log_key", key = key, failure_threshold = 1)]
    fn call(key: &str) -> Result<u8, Error> {
        Err(Error::Down)
    }
    let long = "x".repeat(500);
    let capture = Capture::begin();
    for (key, logged) in [
        ("tenant-7", "tenant-7"),
        ("a\nERROR b", "a\\nERROR b"),
        (&long, &long[..128]),
    ] {
        assert_eq!(call(key), Err(Error::Down));
        let events = capture.take();
        let [opened] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(opened.fields["key"], shown(logged));
        assert_eq!(opened.fields["circuit"], "log_key".into());
    }
}
