//! Forced states of circuits.

use resilience::testing::scope;
use resilience::{
    CircuitBreakerConfig, CircuitState, Jitter, RetryConfig, circuit_breaker, registry,
};

use crate::fault::{Fault, panic_text};

#[circuit_breaker(name = "forced.jira", failure_threshold = 2, half_open_max_calls = 1)]
fn issue(is_up: bool) -> Result<u8, Fault> {
    if is_up { Ok(7) } else { Err(Fault::Down) }
}

#[circuit_breaker(name = "forced.tenants", key = tenant)]
fn of_tenant(tenant: &str) -> Result<usize, Fault> {
    Ok(tenant.len())
}

#[test]
fn an_open_circuit_refuses_from_its_first_call_on_until_the_end() {
    let scope = scope();
    let open = scope.circuit("forced.jira").force(CircuitState::Open);
    for _ in 0..3 {
        assert_eq!(issue(true), Err(Fault::Open));
    }
    drop(open);
    assert_eq!(issue(true), Ok(7));
}

#[test]
fn a_closed_circuit_admits_whatever_fails_and_goes_on_from_its_own_state() {
    let scope = scope();
    let closed = scope.circuit("forced.jira").force(CircuitState::Closed);
    for _ in 0..5 {
        assert_eq!(issue(false), Err(Fault::Down));
    }
    drop(closed);
    assert_eq!(issue(true), Err(Fault::Open), "it has seen the failures");
}

#[test]
fn a_half_open_circuit_admits_probes_whatever_their_outcomes() {
    let scope = scope();
    let circuit = scope.circuit("forced.jira");
    let half_open = circuit.force(CircuitState::HalfOpen);
    for is_up in [true, false, true, true, true, false, false] {
        assert_ne!(issue(is_up), Err(Fault::Open));
        let state = registry::get("forced.jira").expect("used").state();
        assert_eq!(state, CircuitState::HalfOpen);
    }
    let handle = registry::get("forced.jira").expect("used");
    let probe = handle.acquire().expect("one probe");
    assert_eq!(issue(true), Err(Fault::Open), "the probe is out");
    probe.success();
    drop(half_open);
    assert_eq!(issue(true), Ok(7));
    assert_eq!(handle.state(), CircuitState::Closed);
}

#[test]
fn the_circuits_of_all_keys_are_forced_together() {
    let scope = scope();
    assert_eq!(of_tenant("a"), Ok(1));
    let open = scope.circuit("forced.tenants").force(CircuitState::Open);
    assert_eq!(of_tenant("a"), Err(Fault::Open));
    assert_eq!(of_tenant("new"), Err(Fault::Open));
    drop(open);
    assert_eq!((of_tenant("a"), of_tenant("new")), (Ok(1), Ok(3)));
    let refused = panic_text(|| {
        let _half_open = scope
            .circuit("forced.tenants")
            .force(CircuitState::HalfOpen);
    });
    assert!(
        refused.contains("cannot be forced half-open together"),
        "{refused}"
    );
}

#[test]
fn a_state_is_forced_once_at_a_time_and_in_its_scope_alone() {
    let outer = scope();
    let _open = outer.circuit("forced.jira").force(CircuitState::Open);
    let again = panic_text(|| {
        let _closed = outer.circuit("forced.jira").force(CircuitState::Closed);
    });
    assert_eq!(again, "the circuit `forced.jira` is forced already");
    let _inner = scope();
    assert_eq!(issue(true), Ok(7));
}

#[test]
fn circuits_that_are_registered_by_hand_are_forced_too() {
    let scope = scope();
    let _open = scope.circuit("forced.by_hand").force(CircuitState::Open);
    let circuit = registry::get_or_register("forced.by_hand", CircuitBreakerConfig::new());
    assert_eq!(circuit.state(), CircuitState::Open);
}

#[test]
fn a_seed_draws_the_same_delays_again() {
    let waits = |seed: Option<u64>| {
        let scope = scope();
        scope.no_waits();
        if let Some(seed) = seed {
            scope.seed(seed);
        }
        let mut waits = Vec::new();
        let calls = RetryConfig::new()
            .max_retries(4)
            .jitter(Jitter::Decorrelated)
            .prepare(|| Err::<(), _>(Fault::Down));
        let outcome = calls.on_retry(|event| waits.push(event.delay)).run();
        assert_eq!(outcome, Err(Fault::Down));
        waits
    };
    assert_eq!(waits(Some(42)), waits(Some(42)));
    assert_ne!(waits(Some(42)), waits(Some(43)));
    assert_ne!(waits(None), waits(None));
}
