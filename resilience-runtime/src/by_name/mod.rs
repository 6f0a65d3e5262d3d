//! Circuits, budgets, bulkheads and rate limits have a name, by which functions share them. This
//! folder holds the part that is the same for all of them.
//!
//! - `name` is the name itself, with the key of one of many.
//! - `kept_names` has the computed names whose text lives as long as the process.
//! - `name_table` finds a value by its name.
//! - `declaration` compares the values that source lines declare for one name.
//! - `modes` are the switches that only the configuration file has.
//! - `followers` are told of each thing that comes into the registry or goes.

mod declaration;
mod followers;
mod kept_names;
mod modes;
mod name;
mod name_table;

pub(crate) use declaration::{Declarations, EarlierConfigs, MOST_VALUES, NewValue, is_same_line};
pub(crate) use followers::Followers;
pub use followers::Following;
pub(crate) use modes::Modes;
pub(crate) use name::Name;
pub(crate) use name_table::NameTable;
