//! The values of the configuration file for the circuits of one name.

use super::family::Family;
use crate::circuit::{
    config::CircuitBreakerConfig,
    file::{CircuitInFile, DeclaredCircuit, configured},
};
use crate::file::Current;
use crate::settings::LayerOptions;

impl Family {
    /// Notes the options of the attribute that declared the circuits.
    pub(crate) fn set_options(&self, options: LayerOptions) {
        self.declared.set_options(options);
    }

    /// The circuits as the program declares them.
    pub(crate) fn declared(&self) -> DeclaredCircuit {
        self.declared.circuit(self.config(), true)
    }

    /// True if the program called `reconfigure`, and no file has named the circuit since then.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.declared.is_by_hand()
    }

    /// Lets values hold. Circuits that were reconfigured by hand keep their configuration until a
    /// file names them. True means that
    /// [`switch`](Self::switch) has something to do.
    pub(crate) fn hold(&self, in_file: &CircuitInFile, is_named: bool) -> bool {
        let declared = self.declared();
        if in_file.config != declared.config || self.declared.is_apart() {
            self.earlier_configs.change(|| {
                let config = &in_file.config;
                if self.declared.before_file(&declared.config, is_named) && self.config() != *config
                {
                    self.replace(config);
                }
            });
        }
        self.declared.set_modes(in_file.modes)
    }

    /// Lets the switches of the file work, as they are now. It tells of changes of state, so it is
    /// called under no lock.
    pub(crate) fn switch(&self) {
        let modes = self.declared.modes();
        self.set_enforced(modes.refuses());
        let handles = self.circuits.changes().handles_and_overflow();
        for circuit in handles {
            circuit.shared().adopt_modes(modes);
        }
    }

    /// Takes another declared configuration with the values of the file that holds now, and returns
    /// the one before.
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
        self.replace(&configured(&self.declared(), self.name(), current));
        before
    }
}
