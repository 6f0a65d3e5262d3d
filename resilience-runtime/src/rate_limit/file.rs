//! The section `[rate_limit.NAME]` of the configuration file.

use resilience_macros::file_keys;

use super::{config::RateLimitConfig, settings::RateLimitSettings};
use crate::{
    file::{ENABLED, ENFORCE, SectionKind, SectionSpec, SectionValues},
    limiter::LimiterSection,
    operation::{InSlot, TypeKey},
    settings::ConfigError,
};

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "rate_limit",
    keys: file_keys!(rate_limit),
    own: &[ENABLED, ENFORCE],
    kind: SectionKind::Policy,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

impl LimiterSection for RateLimitConfig {
    const WORD: &'static str = "rate limit";

    fn section() -> &'static SectionSpec {
        &FILE
    }

    fn with_values(self, values: &SectionValues) -> Result<Self, ConfigError> {
        let settings = RateLimitSettings {
            limit: values.count("limit"),
            per: values.time("per"),
            burst: values.count("burst"),
            max_wait: values.time("max_wait"),
            max_keys: values.count("max_keys"),
            idle: values.time("idle"),
        };
        settings.apply_to(self)
    }
}

impl InSlot for RateLimitConfig {
    #[inline]
    fn key() -> &'static TypeKey<Self> {
        static KEY: TypeKey<RateLimitConfig> = TypeKey::new();
        &KEY
    }
}
