//! The configurations that the program gave shared things by hand, in the descriptions of the
//! functions.

use super::{families::FAMILIES, table::REGISTRY};
use crate::{
    bulkhead::Bulkhead,
    circuit::CircuitBreakerConfig,
    limiter::{LimiterConfig, Registered},
    operation::{Described, OperationStats, PolicyDescription},
    rate_limit::RateLimit,
};

/// A policy whose things functions share by a name.
struct SharedPolicy {
    /// Some configuration of the policy, for the name of the policy.
    policy: &'static dyn Described,
    /// The configuration of the thing of that name, if the program set it by hand.
    by_hand: fn(&str) -> Option<Box<dyn Described>>,
}

static SHARED: &[SharedPolicy] = &[
    SharedPolicy {
        policy: &CircuitBreakerConfig::new(),
        by_hand: circuit_by_hand,
    },
    limiters::<Bulkhead>(),
    limiters::<RateLimit>(),
];

const fn limiters<L: Registered>() -> SharedPolicy {
    SharedPolicy {
        policy: L::Config::UNSET,
        by_hand: limiter_by_hand::<L>,
    }
}

/// The statistics of a function, with the configurations that its circuits, bulkheads and rate
/// limits have now.
pub(super) fn with_reconfigured(mut stats: OperationStats) -> OperationStats {
    for policy in &mut stats.stack {
        set_by_hand(policy);
    }
    stats
}

fn set_by_hand(description: &mut PolicyDescription) {
    let mut settings = description.settings.iter();
    let name = settings.find(|setting| setting.setting == "name");
    let mut all = SHARED.iter();
    let shared = all.find(|shared| shared.policy.policy() == description.policy);
    let (Some(name), Some(shared)) = (name, shared) else {
        return;
    };
    if let Some(config) = (shared.by_hand)(&name.value) {
        description.set_by_hand(&*config);
    }
}

fn limiter_by_hand<L: Registered>(name: &str) -> Option<Box<dyn Described>> {
    let config = L::names().get(name)?.by_hand()?;
    Some(Box::new(config))
}

fn circuit_by_hand(name: &str) -> Option<Box<dyn Described>> {
    let config = if let Some(family) = FAMILIES.get(name) {
        family.is_by_hand().then(|| family.config())
    } else {
        let circuit = REGISTRY.get(name)?;
        circuit.is_by_hand().then(|| circuit.config())
    };
    Some(Box::new(config?))
}
