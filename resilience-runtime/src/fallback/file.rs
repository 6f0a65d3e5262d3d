//! The section `[fallback.NAME]` of the configuration file.

use core::any::Any;

use resilience_macros::file_keys;

use super::layer::Fallback;
use crate::file::{ENABLED, SectionKind, SectionSpec, SectionValues};
use crate::operation::{Configured, Described, InForce};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "fallback",
    keys: file_keys!(fallback),
    own: &[ENABLED],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// A fallback with the values of its section.
#[derive(Debug)]
struct FallbackInFile {
    is_enabled: bool,
}

pub(super) fn resolve(values: &SectionValues) -> Box<dyn Configured> {
    Box::new(FallbackInFile {
        is_enabled: values.flag("enabled").unwrap_or(true),
    })
}

impl Configured for FallbackInFile {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn constant(&self) -> &dyn Described {
        &Fallback
    }
}

impl Fallback {
    /// True if the configuration file takes the layer at that position away.
    #[cold]
    pub fn is_disabled(file: InForce, layer: usize) -> bool {
        let in_file = file.layer::<FallbackInFile>(layer);
        in_file.is_some_and(|in_file| !in_file.is_enabled)
    }
}
