//! The state that a test forces on the circuit of a name.

use std::time::Duration;

use super::{allow_with, families::FAMILIES, forced, reset_with, table::REGISTRY};
use crate::{circuit::Command, circuit_state::CircuitState};

/// Forces the state of the circuit of that name, and of its keys, now and when it is registered.
///
/// # Panics
///
/// If the circuit is forced already, or has keys and is to be half-open.
#[track_caller]
pub(crate) fn force(name: &str, state: CircuitState) {
    let family = FAMILIES.get(name);
    assert!(
        family.is_none() || state != CircuitState::HalfOpen,
        "`{name}` has a circuit for each key, and these cannot be forced half-open together"
    );
    let Some(force) = forced::add(name, state) else {
        panic!("the circuit `{name}` is forced already");
    };
    if let Some(circuit) = REGISTRY.get(name) {
        force.apply_to(&circuit);
    }
    if let Some(family) = family {
        force.apply_to_family(&family);
    }
}

/// Ends the forced state. The circuit goes on from the state that it had before; one that was
/// forced half-open is closed.
pub(crate) fn end_force(name: &str) {
    let over = Command::new("the test has ended the state that it forced");
    match forced::remove(name) {
        None => {}
        Some(CircuitState::HalfOpen) => {
            reset_with(name, over);
        }
        // The command restores the state that the one before took the place of, and is over at
        // once.
        Some(CircuitState::Open | CircuitState::Closed) => {
            allow_with(name, over.for_(Duration::ZERO));
        }
    }
}
