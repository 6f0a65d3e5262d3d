//! The values of the configuration file for all circuits of the registry.

use std::{panic::Location, sync::Arc};

use super::{families::FAMILIES, in_file::Resolved, table::REGISTRY};
use crate::{
    circuit::{
        CircuitBreaker, CircuitBreakerConfig, Family,
        file::{CircuitInFile, DeclaredCircuit, FILE, applicable, resolve},
    },
    file::{Faults, SectionValues, Values, current},
    operation::{Hold, ResolvedSetting, SharedThing, tell_computed},
};

/// A circuit, or the circuits of a name with keys.
enum Thing {
    Circuit(CircuitBreaker),
    Family(Arc<Family>),
}

impl Thing {
    fn all() -> impl Iterator<Item = Self> {
        let circuits = REGISTRY.handles().into_iter().map(Self::Circuit);
        circuits.chain(FAMILIES.handles().into_iter().map(Self::Family))
    }

    fn of_name(name: &str) -> impl Iterator<Item = Self> {
        let circuit = REGISTRY.get(name).map(Self::Circuit).into_iter();
        circuit.chain(FAMILIES.get(name).map(Self::Family))
    }

    fn name(&self) -> &str {
        match self {
            Self::Circuit(circuit) => circuit.name(),
            Self::Family(family) => family.name(),
        }
    }

    fn declared(&self) -> DeclaredCircuit {
        match self {
            Self::Circuit(circuit) => circuit.declared(),
            Self::Family(family) => family.declared(),
        }
    }

    fn config(&self) -> CircuitBreakerConfig {
        match self {
            Self::Circuit(circuit) => circuit.config(),
            Self::Family(family) => family.config(),
        }
    }

    fn declared_at(&self) -> &'static Location<'static> {
        match self {
            Self::Circuit(circuit) => circuit.declared_at(),
            Self::Family(family) => family.declared_at(),
        }
    }

    fn is_by_hand(&self) -> bool {
        match self {
            Self::Circuit(circuit) => circuit.is_by_hand(),
            Self::Family(family) => family.is_by_hand(),
        }
    }

    fn hold(&self, in_file: &CircuitInFile, is_named: bool) -> bool {
        match self {
            Self::Circuit(circuit) => circuit.hold(in_file, is_named),
            Self::Family(family) => family.hold(in_file, is_named),
        }
    }

    fn switch(&self) {
        match self {
            Self::Circuit(circuit) => circuit.switch(),
            Self::Family(family) => family.switch(),
        }
    }
}

/// Checks the values of a file against all circuits. The result lets the values hold.
pub(crate) fn prepare(values: &Values, faults: &mut Faults) -> Hold {
    let mut computed = Vec::new();
    let mut prepared = Vec::new();
    for thing in Thing::all() {
        let resolved = Resolved::new(thing.name(), &thing.declared(), values);
        for fault in resolved.faults {
            faults.push(fault);
        }
        computed.extend(resolved.computed);
        prepared.push((thing, resolved.in_file));
    }
    Box::new(move |values| {
        prepared.retain(|(thing, in_file)| thing.hold(in_file, values.names(&FILE, thing.name())));
        Box::new(move || {
            for (thing, _) in prepared {
                thing.switch();
            }
            tell_computed(computed);
        })
    })
}

/// The policy of the circuits, for its name.
static POLICY: CircuitBreakerConfig = CircuitBreakerConfig::new();

/// The settings of the circuit, or of the circuits with keys, of that name.
pub(crate) fn describe(name: &str) -> Vec<ResolvedSetting> {
    let values = current().values().map(|values| values.of(&FILE, name));
    let values = values.unwrap_or_default();
    let mut described = Vec::new();
    for thing in Thing::of_name(name) {
        let declared = thing.declared();
        let section = applicable(&declared, values.clone());
        // A circuit that contradicts the file keeps its own values.
        let is_in_force = resolve(&declared, &section).is_ok();
        let section = if is_in_force {
            section
        } else {
            SectionValues::default()
        };
        let shared = SharedThing {
            name,
            policy: &POLICY,
            config: &thing.config(),
            options: declared.options,
            declared_at: thing.declared_at(),
            section: &section,
            is_by_hand: thing.is_by_hand(),
        };
        described.extend(shared.describe());
    }
    described
}

/// True if a circuit has the name.
pub(crate) fn is_used(name: &str) -> bool {
    Thing::of_name(name).next().is_some()
}
