//! The configurations that the program gave circuits by hand, in the descriptions of the functions.

use super::{families::FAMILIES, table::REGISTRY};
use crate::{
    circuit::CircuitBreakerConfig,
    operation::{OperationStats, PolicyDescription},
};

/// The policy of the circuits, for its name.
static POLICY: CircuitBreakerConfig = CircuitBreakerConfig::new();

/// The statistics of a function, with the configurations that its circuits have now.
pub(super) fn with_reconfigured(mut stats: OperationStats) -> OperationStats {
    for policy in &mut stats.stack {
        if policy.policy == "circuit_breaker" {
            if let Some(config) = config_of(policy) {
                policy.set_by_hand(&POLICY, &config);
            }
        }
    }
    stats
}

/// The configuration of the circuit, if the program set it by hand.
fn config_of(policy: &PolicyDescription) -> Option<CircuitBreakerConfig> {
    let name = policy
        .settings
        .iter()
        .find(|setting| setting.setting == "name")?;
    if let Some(family) = FAMILIES.get(&name.value) {
        return family.is_by_hand().then(|| family.config());
    }
    let circuit = REGISTRY.get(&name.value)?;
    circuit.is_by_hand().then(|| circuit.config())
}
