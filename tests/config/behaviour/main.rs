//! The configuration file, through the attributes.

mod circuits;
mod faults;
mod files;
mod later;
mod names;
mod operations;
mod properties;
mod sources;
mod storm;
mod watches;
