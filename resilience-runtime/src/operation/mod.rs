//! The operations of the process: each annotated function under its name, and its statistics.
//!
//! - `declared` is the static that the expansion declares for each function.
//! - `instances` are the operations of functions whose name differs between instances of a generic.
//! - `table` finds the operations that have run, and `counters` counts for them.
//! - `stack` lists the layers of a function. A policy tells its settings through `described` to
//!   `described_settings`, which asks `layer_attribute` for their sources; `description` is the
//!   result. `shared_thing` does the same for a thing that functions share by its name.
//! - `file_layer` answers the expansion that asks for the values of the configuration file.
//! - `config_in_file` is the configuration of a policy with the values of its section.
//! - `file_values` are the values that hold for a function, with those of the file among them, and
//!   `slot` is one of its layers. A call finds them by the pointer of `published`. `in_file` makes
//!   them, and `file_reports` tells of those that do not hold.
//! - `stats` is the part that users read, through [`registry`](crate::registry).

#[cfg(feature = "config")]
mod config_in_file;
mod counters;
mod declared;
mod described;
mod described_settings;
mod description;
mod file_layer;
#[cfg(feature = "config")]
mod file_reports;
#[cfg(feature = "config")]
mod file_values;
#[cfg(feature = "config")]
mod in_file;
mod instances;
mod layer_attribute;
#[cfg(any(feature = "config", all(test, loom)))]
mod published;
mod shared_thing;
#[cfg(feature = "config")]
mod slot;
mod stack;
mod stats;
mod table;
#[cfg(feature = "config")]
mod times;

#[cfg(feature = "config")]
pub(crate) use config_in_file::{ConfigInFile, FileSettings};
pub(crate) use counters::Count;
pub use counters::GaveUpCounts;
pub use declared::Operation;
#[cfg(feature = "config")]
pub use described::Configured;
pub use described::Described;
pub use described_settings::DescribedSettings;
pub use description::{PolicyDescription, ResolvedSetting};
pub use file_layer::FileLayer;
#[cfg(not(feature = "config"))]
pub use file_layer::InForce;
#[cfg(feature = "config")]
pub(crate) use file_reports::{Computed, tell_computed, tell_refused};
#[cfg(feature = "config")]
pub use file_values::{FileValues, InForce};
#[cfg(feature = "config")]
pub(crate) use in_file::{Hold, Prepared, prepare};
#[cfg(feature = "config")]
pub(crate) use shared_thing::SharedThing;
#[cfg(feature = "config")]
pub use slot::{InSlot, Slot, TypeKey};
pub use stack::{Layer, Stack};
pub use stats::OperationStats;
#[cfg(feature = "config")]
pub(crate) use stats::describe;
pub(crate) use stats::{operation, operations};
pub(crate) use table::count;
#[cfg(feature = "config")]
pub(crate) use table::has_run;
#[cfg(feature = "config")]
pub use times::LayerTimes;
