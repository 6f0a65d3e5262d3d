//! The section `[bulkhead.NAME]` of the configuration file.

use resilience_macros::file_keys;

use super::{config::BulkheadConfig, settings::BulkheadSettings};
use crate::{
    file::{ENABLED, ENFORCE, SectionKind, SectionSpec, SectionValues},
    operation::{InSlot, TypeKey},
};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "bulkhead",
    keys: file_keys!(bulkhead),
    own: &[ENABLED, ENFORCE],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// The settings of a section.
pub(super) fn settings(values: &SectionValues) -> BulkheadSettings {
    BulkheadSettings {
        max_concurrent: values.count("max_concurrent"),
        max_wait: values.time("max_wait"),
        max_keys: values.count("max_keys"),
        idle: values.time("idle"),
    }
}

impl InSlot for BulkheadConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<BulkheadConfig> = TypeKey::new();
        &KEY
    }
}
