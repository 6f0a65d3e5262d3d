//! Circuits stay the same objects: their state, their statistics and their handles survive.

use std::io::{self, ErrorKind};
use std::time::Duration;

use resilience::{CircuitOpen, CircuitState, TransitionReason, circuit_breaker, registry};
use resilience_config_tests::{Turn, setting};

#[circuit_breaker(name = "circuits.plain", failure_threshold = 3)]
fn plain(result: io::Result<()>) -> io::Result<()> {
    result
}

fn fail(call: fn(io::Result<()>) -> io::Result<()>) {
    call(Err(ErrorKind::Other.into())).expect_err("it fails");
}

#[test]
fn a_threshold_of_the_file_holds_from_the_next_decision_and_the_failures_are_kept() {
    let turn = Turn::begin();
    fail(plain);
    let circuit = registry::get("circuits.plain").expect("registered");
    assert_eq!(circuit.stats().failure_count, 1);
    turn.set(
        "[circuit_breaker.\"circuits.plain\"]\nfailure_threshold = 2\nrecovery_timeout = \"1h\"",
    );
    assert_eq!(circuit.stats().failure_count, 1, "it keeps what it counted");
    assert_eq!(
        circuit.config().get_recovery_timeout(),
        Duration::from_secs(3600)
    );
    fail(plain);
    assert_eq!(circuit.state(), CircuitState::Open);
    assert_eq!(
        setting("circuits.plain", "circuit_breaker", "failure_threshold").0,
        "2"
    );
    circuit.reset();
    turn.set("");
    assert_eq!(circuit.config().get_failure_threshold(), Some(3));
}

#[circuit_breaker(name = "circuits.unenforced", failure_threshold = 2)]
fn unenforced(result: io::Result<()>) -> io::Result<()> {
    result
}

#[test]
fn a_circuit_that_is_not_enforced_admits_all_and_counts_what_it_would_refuse() {
    let turn = Turn::begin();
    turn.set("[circuit_breaker.\"circuits.unenforced\"]\nenforce = false");
    for _ in 0..2 {
        fail(unenforced);
    }
    for _ in 0..3 {
        unenforced(Ok(())).expect("admitted");
    }
    let circuit = registry::get("circuits.unenforced").expect("registered");
    let stats = circuit.stats();
    assert_eq!(
        (circuit.state(), stats.would_refuse),
        (CircuitState::Closed, 3)
    );
    assert_eq!(stats.computed_state, CircuitState::Open);
    turn.set("");
    assert_eq!(circuit.state(), CircuitState::Open);
    let open = unenforced(Ok(())).expect_err("refused again");
    let open = open.get_ref().and_then(|inner| inner.downcast_ref());
    let reason = open.map(CircuitOpen::reason);
    assert_eq!(reason, Some(TransitionReason::Failures), "its own");
    let history = registry::history("circuits.unenforced");
    let last = history.last().expect("it changed");
    assert_eq!(
        (last.to, last.reason),
        (CircuitState::Open, TransitionReason::Config)
    );
    assert_eq!(last.command, None, "nobody gave a command");
    circuit.reset();
}

#[circuit_breaker(name = "circuits.disabled", failure_threshold = 2)]
fn disabled(result: io::Result<()>) -> io::Result<()> {
    result
}

#[test]
fn a_circuit_that_is_not_enabled_admits_all_and_counts_nothing() {
    let turn = Turn::begin();
    fail(disabled);
    let circuit = registry::get("circuits.disabled").expect("registered");
    turn.set("[circuit_breaker.\"circuits.disabled\"]\nenabled = false");
    let before = circuit.stats();
    for _ in 0..5 {
        fail(disabled);
        disabled(Ok(())).expect("admitted");
    }
    drop(circuit.acquire().expect("admitted"));
    let after = circuit.stats();
    assert_eq!(
        (
            after.successes,
            after.failures,
            after.abandoned,
            after.would_refuse
        ),
        (before.successes, before.failures, before.abandoned, 0)
    );
    turn.set("");
    assert_eq!(circuit.stats().failure_count, 1, "it goes on where it was");
    fail(disabled);
    assert_eq!(circuit.state(), CircuitState::Open);
    turn.set("[circuit_breaker.\"circuits.disabled\"]\nenabled = false");
    disabled(Ok(())).expect("admitted although it is open");
    turn.set("");
    disabled(Ok(())).expect_err("it is open");
    circuit.reset();
}

#[circuit_breaker(name = "circuits.announced", failure_threshold = 1, recovery_timeout = 10s)]
fn announced(result: io::Result<()>) -> io::Result<()> {
    result
}

#[test]
fn a_file_does_not_prolong_the_open_time_that_callers_were_told() {
    // `retry_after` may be a tick of the system's clock too long.
    const TOLD: Duration = Duration::from_secs(11);
    let turn = Turn::begin();
    fail(announced);
    let retry_after = || {
        let refused = announced(Ok(())).expect_err("the circuit is open");
        let open = refused.get_ref().and_then(|inner| inner.downcast_ref());
        open.and_then(CircuitOpen::retry_after)
            .expect("it will be half-open")
    };
    assert!(retry_after() <= TOLD);
    turn.set("[circuit_breaker.\"circuits.announced\"]\nrecovery_timeout = \"1h\"");
    assert!(retry_after() <= TOLD, "{:?}", retry_after());

    // The next open time is that of the file.
    let circuit = registry::get("circuits.announced").expect("registered");
    circuit.reset();
    fail(announced);
    assert!(retry_after() > TOLD, "{:?}", retry_after());
    circuit.reset();
}
