//! The operations of the process: each annotated function under its name, and its statistics.
//!
//! - `declared` is the static that the expansion declares for each function.
//! - `instances` are the operations of functions whose name differs between instances of a generic.
//! - `table` finds the operations that have run, and `counters` counts for them.
//! - `layer` describes a policy of the stack by its configuration, and `description` is the result.
//! - `stats` is the part that users read, through [`registry`](crate::registry).

mod counters;
mod declared;
mod description;
mod instances;
mod layer;
mod stats;
mod table;

pub(crate) use counters::Count;
pub use counters::GaveUpCounts;
pub use declared::Operation;
pub use description::{PolicyDescription, ResolvedSetting, Source};
pub use layer::{Described, DescribedSettings, Layer, Stack};
pub use stats::OperationStats;
pub(crate) use stats::{operation, operations};
pub(crate) use table::count;
