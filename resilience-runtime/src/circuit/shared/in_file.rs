//! The values of the configuration file for one circuit. State, statistics and handles stay.

use super::Shared;
use crate::{
    by_name::Modes,
    circuit::{
        config::CircuitBreakerConfig,
        file::{CircuitInFile, DeclaredCircuit, configured},
    },
    file::Current,
    settings::LayerOptions,
};

impl Shared {
    /// Notes the options of the attribute that declared the circuit.
    pub(crate) fn set_options(&self, options: LayerOptions) {
        self.declared.set_options(options);
    }

    /// The circuit as the program declares it.
    pub(crate) fn declared(&self) -> DeclaredCircuit {
        self.declared.circuit(self.config(), false)
    }

    /// True if the program called `reconfigure`, and no file has named the circuit since then.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.declared.is_by_hand()
    }

    /// Lets values hold. A circuit that was reconfigured by hand keeps its configuration until a
    /// file names it. True means that
    /// [`switch`](Self::switch) has something to do.
    pub(crate) fn hold(&self, in_file: &CircuitInFile, is_named: bool) -> bool {
        let declared = self.declared();
        if in_file.config != declared.config || self.declared.is_apart() {
            self.config.earlier().change(|| {
                let config = &in_file.config;
                if self.declared.before_file(&declared.config, is_named) && !self.config.is(config)
                {
                    self.replace(config);
                }
            });
        }
        self.declared.set_modes(in_file.modes)
    }

    /// Lets the switches of the file work, as they are now. It tells of a change of state, so it is
    /// called under no lock.
    pub(crate) fn switch(&self) {
        let modes = self.declared.modes();
        // The gate is published anew, because a circuit that is taken away is never plain.
        self.locked(|_| ());
        self.set_enforced(modes.refuses());
    }

    /// Takes the switches of the family, for a circuit that nobody has seen yet or under no lock.
    pub(crate) fn adopt_modes(&self, modes: Modes) {
        if self.declared.set_modes(modes) {
            self.switch();
        }
    }

    /// Takes another declared configuration with the values of the file that holds now, and returns
    /// the one before. A configuration that contradicts the values is taken without them.
    pub(super) fn take_in_file(
        &self,
        config: &CircuitBreakerConfig,
        current: &Current,
    ) -> CircuitBreakerConfig {
        if !self.declared.is_apart() {
            return self.replace(config);
        }
        let before = self.declared().config;
        self.declared.store(config);
        self.replace(&configured(&self.declared(), &self.name, current));
        before
    }
}
