//! The name that an attribute gives its circuit, and the place of the attribute.

use std::panic::Location;

use crate::{
    circuit::{CircuitBreakerConfig, log},
    operation::Operation,
    settings::LayerOptions,
};

/// The name of the circuit of one attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct SiteName {
    /// `None` if nobody named the circuit. It goes by the name of the operation then.
    given: Option<&'static str>,
    operation: &'static Operation,
}

impl SiteName {
    pub(super) const fn new(given: Option<&'static str>, operation: &'static Operation) -> Self {
        Self { given, operation }
    }

    /// Lists the function in the statistics.
    pub(super) fn register_operation(&self) {
        self.operation.register();
    }

    pub(super) fn name(&self) -> &'static str {
        self.given.unwrap_or(self.operation.name())
    }

    /// The line of the attribute.
    pub(super) fn location(&self) -> &'static Location<'static> {
        self.operation.declared_at()
    }

    pub(super) fn options(&self, config: &CircuitBreakerConfig) -> LayerOptions {
        self.operation.options_of(config, self.name())
    }

    /// Reports a circuit that another line declared, if nobody chose its name. The methods of two
    /// types in one module have the same path.
    pub(super) fn report_if_shared(&self, declared_at: &Location<'_>) {
        if self.given.is_none() && declared_at != self.location() {
            log::shared_by_default(self.name(), declared_at, self.location());
        }
    }
}
