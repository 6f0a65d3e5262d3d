//! The section `[rate_limit.NAME]` of the configuration file.

use resilience_macros::file_keys;

use super::{config::RateLimitConfig, settings::RateLimitSettings};
use crate::{
    file::{ENABLED, ENFORCE, SectionKind, SectionSpec, SectionValues},
    operation::{InSlot, TypeKey},
};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "rate_limit",
    keys: file_keys!(rate_limit),
    own: &[ENABLED, ENFORCE],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

/// The settings of a section.
pub(super) fn settings(values: &SectionValues) -> RateLimitSettings {
    RateLimitSettings {
        limit: values.count("limit"),
        per: values.time("per"),
        burst: values.count("burst"),
        max_wait: values.time("max_wait"),
        max_keys: values.count("max_keys"),
        idle: values.time("idle"),
    }
}

impl InSlot for RateLimitConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<RateLimitConfig> = TypeKey::new();
        &KEY
    }
}
