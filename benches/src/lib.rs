//! The attributes and their peers, side by side.
//!
//! This library defines the scenarios once, for the programs that measure them: `report` (the
//! table in `README.md`), `memory` and `instructions` (for the report) and criterion (the detailed
//! view). The program `cores` simulates many cores.

mod answers;
pub mod circuit;
#[cfg(feature = "config")]
mod configuration;
mod contender;
mod events;
mod first_attempt;
mod keys;
mod limits;
mod metrics;
mod open_circuit;
mod paths;
mod registry;
pub mod retry;
mod retry_peers;
mod scenario;
mod spans;
pub mod stack;
mod stack_of_seven;
mod statistics;
pub mod subject;
pub mod timeout;

pub use contender::Contender;
pub use paths::{Path, paths};
pub use scenario::{Batch, Goal, Scenario};

/// All scenarios that measure time, in the order of the table. The call needs a process of its own,
/// because it trips circuits.
pub fn scenarios() -> Vec<Scenario> {
    #[cfg(feature = "config")]
    configuration::load_a_file();
    [
        circuit::scenarios(),
        open_circuit::scenarios(),
        keys::scenarios(),
        retry::scenarios(),
        timeout::scenarios(),
        stack::scenarios(),
        stack_of_seven::scenarios(),
        limits::scenarios(),
        answers::scenarios(),
        statistics::scenarios(),
        #[cfg(feature = "config")]
        configuration::scenarios(),
        events::scenarios(),
        metrics::scenarios(),
        spans::scenarios(),
        registry::scenarios(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
