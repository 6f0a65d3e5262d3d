//! The health of the process as far as its circuits tell.

use crate::{
    circuit::{CircuitBreakerStats, FamilyStats},
    circuit_state::CircuitState,
};

/// The answer of [`health`](super::health).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Health {
    /// [`Degraded`](HealthStatus::Degraded) if a circuit is open.
    pub status: HealthStatus,
    /// The names of the circuits that are open or isolated, sorted. A name with keys is listed if
    /// the circuit of one of them is.
    pub open: Vec<String>,
}

/// The status in [`Health`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum HealthStatus {
    /// No circuit is open.
    Ok,
    /// A circuit is open, so some calls are refused.
    Degraded,
}

impl Health {
    /// Both lists are sorted by name, and two circuits may have one name.
    pub(super) fn of(circuits: Vec<CircuitBreakerStats>, families: Vec<FamilyStats>) -> Self {
        let single = circuits.into_iter();
        let single = single.filter(|circuit| circuit.state == CircuitState::Open);
        let mut open: Vec<String> = single.map(|circuit| circuit.name).collect();
        open.dedup();
        for family in families {
            if family.open + family.isolated == 0 {
                continue;
            }
            if let Err(at) = open.binary_search(&family.name) {
                open.insert(at, family.name);
            }
        }
        let status = if open.is_empty() {
            HealthStatus::Ok
        } else {
            HealthStatus::Degraded
        };
        Self { status, open }
    }
}
