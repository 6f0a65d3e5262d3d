//! The values of the configuration file for a circuit that comes into the registry.

use crate::{
    circuit::{
        CircuitBreaker, Family,
        file::{CircuitInFile, DeclaredCircuit, FILE, applicable, resolve},
    },
    file::{ConfigFault, Current, Values, current},
    operation::{Computed, tell_computed, tell_refused},
    settings::LayerOptions,
};

/// The file that holds now, for a circuit that comes into the registry. No other file is applied in
/// the meantime.
pub(super) struct InFile(Current);

impl InFile {
    pub(super) fn begin() -> Self {
        Self(current())
    }

    /// Gives the values to a circuit that is in the registry now. A circuit that contradicts them
    /// keeps its own.
    pub(super) fn circuit(self, circuit: &CircuitBreaker, options: LayerOptions) {
        circuit.set_options(options);
        let declared = circuit.declared();
        let is_switched = self.begin_with(circuit.name(), &declared, |in_file, is_named| {
            circuit.hold(in_file, is_named)
        });
        if is_switched {
            circuit.switch();
        }
    }

    /// Does the same for the circuits of a name with keys.
    pub(super) fn family(self, family: &Family, options: LayerOptions) {
        family.set_options(options);
        let declared = family.declared();
        let is_switched = self.begin_with(family.name(), &declared, |in_file, is_named| {
            family.hold(in_file, is_named)
        });
        if is_switched {
            family.switch();
        }
    }

    /// Lets the values hold, and returns true if a switch of the file is another one.
    fn begin_with(
        self,
        name: &str,
        declared: &DeclaredCircuit,
        hold: impl FnOnce(&CircuitInFile, bool) -> bool,
    ) -> bool {
        let Self(current) = self;
        let Some(values) = current.values() else {
            return false;
        };
        let resolved = Resolved::new(name, declared, values);
        let is_switched = hold(&resolved.in_file, values.names(&FILE, name));
        drop(current);
        // The log and the subscribers run code of others.
        tell_computed(resolved.computed);
        tell_refused(resolved.faults);
        is_switched
    }
}

/// A circuit with the values of a file.
pub(super) struct Resolved {
    pub(super) in_file: CircuitInFile,
    pub(super) faults: Vec<ConfigFault>,
    pub(super) computed: Vec<Computed>,
}

impl Resolved {
    pub(super) fn new(name: &str, declared: &DeclaredCircuit, values: &Values) -> Self {
        let section = values.of(&FILE, name);
        let entries = section.entries.iter();
        let computed = entries.filter(|entry| declared.options.computes(entry.key));
        let computed = computed.map(|entry| (name.to_owned(), entry.setting.clone()));
        let computed = computed.collect();
        let section = applicable(declared, section);
        match resolve(declared, &section) {
            Ok(in_file) => Self {
                in_file,
                faults: Vec::new(),
                computed,
            },
            Err(contradictions) => Self {
                in_file: CircuitInFile::without_values(declared.config),
                faults: contradictions
                    .into_iter()
                    .filter_map(|contradiction| section.fault(contradiction))
                    .collect(),
                computed,
            },
        }
    }
}
