//! The statistics of circuits are read.

use resilience::{CircuitBreakerConfig, registry};

use crate::{Contender, Goal, Scenario};

pub(crate) fn scenarios() -> Vec<Scenario> {
    for circuit in 0..1_000 {
        registry::get_or_register(
            format!("bench::statistics::{circuit}"),
            CircuitBreakerConfig::new(),
        );
    }
    vec![
        Scenario::new(
            "statistics of 1,000 circuits",
            [Contender::sync("ours", registry::all_stats)],
            [Goal::AtMost(1_000_000.0)],
        ),
        Scenario::new(
            "snapshot of 1,000 circuits",
            [Contender::sync("ours", registry::snapshot)],
            [],
        ),
    ]
}
