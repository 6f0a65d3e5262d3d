//! The configuration file, through the attributes.

mod circuits;
mod every_fault;
mod fallbacks;
mod faults;
mod files;
mod hedges;
mod later;
mod limiters;
mod metrics;
mod names;
mod operations;
mod properties;
mod reports;
mod sources;
mod storm;
mod watches;
