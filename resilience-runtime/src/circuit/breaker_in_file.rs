//! The values of the configuration file, as the registry gives them to a circuit.

use super::{
    breaker::CircuitBreaker,
    file::{CircuitInFile, DeclaredCircuit},
};
use crate::settings::LayerOptions;

impl CircuitBreaker {
    /// Notes the options of the attribute that declared the circuit.
    pub(crate) fn set_options(&self, options: LayerOptions) {
        self.shared().set_options(options);
    }

    /// The circuit as the program declares it.
    pub(crate) fn declared(&self) -> DeclaredCircuit {
        self.shared().declared()
    }

    /// True if the program called `reconfigure`, and no file has named the circuit since then.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.shared().is_by_hand()
    }

    /// Lets values hold. True means that [`switch`](Self::switch) has something to do.
    pub(crate) fn hold(&self, in_file: &CircuitInFile, is_named: bool) -> bool {
        self.shared().hold(in_file, is_named)
    }

    /// Lets the switches of the file work, under no lock.
    pub(crate) fn switch(&self) {
        self.shared().switch();
    }
}
