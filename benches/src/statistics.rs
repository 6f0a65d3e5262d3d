//! Reading statistics.

use resilience::{CircuitBreakerConfig, registry};

use crate::{Contender, Goal, Scenario};

/// How many circuits there are at least when all are read.
pub const CIRCUITS: usize = 1_000;

/// Registers so many circuits.
pub fn register_circuits() {
    for circuit in 0..CIRCUITS {
        registry::get_or_register(format!("bench::statistics::{circuit}"), CircuitBreakerConfig::new());
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    register_circuits();
    vec![Scenario::new(
        "statistics of 1,000 circuits",
        [Contender::sync("ours", registry::all_stats)],
        [Goal::AtMost(1_000_000.0)],
    )]
}
