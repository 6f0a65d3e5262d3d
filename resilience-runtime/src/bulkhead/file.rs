//! The section `[bulkhead.NAME]` of the configuration file.

use resilience_macros::file_keys;

use super::{config::BulkheadConfig, settings::BulkheadSettings};
use crate::{
    file::{ENABLED, ENFORCE, SectionKind, SectionSpec, SectionValues},
    limiter::LimiterSection,
    operation::{InSlot, TypeKey},
    settings::ConfigError,
};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "bulkhead",
    keys: file_keys!(bulkhead),
    own: &[ENABLED, ENFORCE],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

impl LimiterSection for BulkheadConfig {
    const WORD: &'static str = "bulkhead";

    fn section() -> &'static SectionSpec {
        &FILE
    }

    fn with_values(self, values: &SectionValues) -> Result<Self, ConfigError> {
        let settings = BulkheadSettings {
            max_concurrent: values.count("max_concurrent"),
            max_wait: values.time("max_wait"),
            max_keys: values.count("max_keys"),
            idle: values.time("idle"),
        };
        settings.apply_to(self)
    }
}

impl InSlot for BulkheadConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<BulkheadConfig> = TypeKey::new();
        &KEY
    }
}
