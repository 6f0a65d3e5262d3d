//! Stands in place of `in_file.rs` without the feature `config`: there is no file.

use crate::{
    circuit::{CircuitBreaker, Family},
    settings::LayerOptions,
};

/// The file that holds now, for a circuit that comes into the registry.
pub(super) struct InFile;

#[expect(clippy::unused_self, reason = "the feature `config` has a file")]
impl InFile {
    pub(super) fn begin() -> Self {
        Self
    }

    pub(super) fn circuit(self, _: &CircuitBreaker, _: LayerOptions) {}

    pub(super) fn family(self, _: &Family, _: LayerOptions) {}
}
