//! The operations of the process: each annotated function under its name.

mod declared;
mod instances;

pub use declared::Operation;
