//! The states that a test forces in its scope. A circuit that is registered later gets its own
//! then.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    circuit::{CircuitBreaker, Command, Family, GivenCommand},
    circuit_state::CircuitState,
    events::CommandAction,
    scope::per_scope,
};

/// A state that holds until the flag is false.
#[derive(Clone)]
pub(super) struct Force {
    pub(super) state: CircuitState,
    holds: Arc<AtomicBool>,
}

per_scope! {
    /// The forced states by the name of the circuit.
    static FORCED: Mutex<BTreeMap<String, Force>> = Mutex::new(BTreeMap::new());
}

fn forced() -> MutexGuard<'static, BTreeMap<String, Force>> {
    // Nothing panics under the lock.
    FORCED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes the state of a name. `None` if the name has one already.
pub(super) fn add(name: &str, state: CircuitState) -> Option<Force> {
    let force = Force {
        state,
        holds: Arc::new(AtomicBool::new(true)),
    };
    let mut forced = forced();
    if forced.contains_key(name) {
        return None;
    }
    forced.insert(name.to_owned(), force.clone());
    Some(force)
}

/// Forgets the state of a name, and returns it.
pub(super) fn remove(name: &str) -> Option<CircuitState> {
    let force = forced().remove(name)?;
    force.holds.store(false, Ordering::Relaxed);
    Some(force.state)
}

/// Forces the state of a circuit that is registered now.
pub(super) fn begin(circuit: &CircuitBreaker) {
    let force = forced().get(circuit.name()).cloned();
    if let Some(force) = force {
        force.apply_to(circuit);
    }
}

/// Forces the state of all circuits of a name with keys that is registered now.
pub(super) fn begin_family(family: &Family) {
    let force = forced().get(family.name()).cloned();
    if let Some(force) = force {
        force.apply_to_family(family);
    }
}

impl Force {
    pub(super) fn apply_to(&self, circuit: &CircuitBreaker) {
        match self.command() {
            Some(given) => circuit.obey(&given),
            None => self.hold_half_open(circuit),
        }
    }

    /// The circuits of keys are never half-open together.
    pub(super) fn apply_to_family(&self, family: &Family) {
        if let Some(given) = self.command() {
            family.command(given);
        }
    }

    /// The command that forces the state. No command makes a circuit half-open.
    fn command(&self) -> Option<GivenCommand> {
        let action = match self.state {
            CircuitState::Open => CommandAction::Isolate,
            CircuitState::Closed => CommandAction::Allow,
            CircuitState::HalfOpen => return None,
        };
        Some(GivenCommand::new(action, Some(forcing())))
    }

    /// Makes the circuit half-open, and again whenever its probes have decided.
    fn hold_half_open(&self, circuit: &CircuitBreaker) {
        let (holds, held) = (Arc::clone(&self.holds), circuit.clone());
        circuit.on_transition(move |_| {
            if holds.load(Ordering::Relaxed) {
                make_half_open(&held);
            }
        });
        make_half_open(circuit);
    }
}

fn forcing() -> Command {
    Command::new("a test forces the state")
}

/// A trip that is over at once leaves the circuit half-open.
fn make_half_open(circuit: &CircuitBreaker) {
    if circuit.state() != CircuitState::HalfOpen {
        circuit.trip_with(forcing().for_(Duration::ZERO));
    }
}
