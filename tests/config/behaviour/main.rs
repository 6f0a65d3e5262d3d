//! The configuration file, through the attributes.

mod circuits;
mod operations;
