//! The configurations that the program gave shared things by hand, in the descriptions of the
//! functions.

use super::{families::FAMILIES, table::REGISTRY};
use crate::{
    bulkhead::{Bulkhead, BulkheadConfig},
    circuit::CircuitBreakerConfig,
    limiter::Registered,
    operation::{OperationStats, PolicyDescription},
    rate_limit::{RateLimit, RateLimitConfig},
};

// The policies, for their names.
static CIRCUIT: CircuitBreakerConfig = CircuitBreakerConfig::new();
static BULKHEAD: BulkheadConfig = BulkheadConfig::unset();
static RATE_LIMIT: RateLimitConfig = RateLimitConfig::unset();

/// The statistics of a function, with the configurations that its circuits, bulkheads and rate limits
/// have now.
pub(super) fn with_reconfigured(mut stats: OperationStats) -> OperationStats {
    for policy in &mut stats.stack {
        set_by_hand(policy);
    }
    stats
}

fn set_by_hand(policy: &mut PolicyDescription) {
    let mut settings = policy.settings.iter();
    let Some(name) = settings.find(|setting| setting.setting == "name") else {
        return;
    };
    let name = name.value.clone();
    match policy.policy {
        "circuit_breaker" => {
            if let Some(config) = circuit_by_hand(&name) {
                policy.set_by_hand(&CIRCUIT, &config);
            }
        }
        "bulkhead" => {
            if let Some(config) = limiter_by_hand::<Bulkhead>(&name) {
                policy.set_by_hand(&BULKHEAD, &config);
            }
        }
        "rate_limit" => {
            if let Some(config) = limiter_by_hand::<RateLimit>(&name) {
                policy.set_by_hand(&RATE_LIMIT, &config);
            }
        }
        _ => {}
    }
}

/// The configuration of the limiter, if the program set it by hand.
fn limiter_by_hand<L: Registered>(name: &str) -> Option<L::Config> {
    L::names().get(name)?.by_hand()
}

/// The configuration of the circuit, if the program set it by hand.
fn circuit_by_hand(name: &str) -> Option<CircuitBreakerConfig> {
    if let Some(family) = FAMILIES.get(name) {
        return family.is_by_hand().then(|| family.config());
    }
    let circuit = REGISTRY.get(name)?;
    circuit.is_by_hand().then(|| circuit.config())
}
