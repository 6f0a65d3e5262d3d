//! The promises of `resilience-fleet`, against real servers and against the store in memory.

mod commands;
mod faults;
mod keys;
mod model;
mod probes;
mod processes;
mod quorum;
mod replicas;
mod start;
mod topologies;
