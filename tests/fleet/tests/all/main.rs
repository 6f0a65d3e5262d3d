//! The promises of `resilience-fleet`, against real servers and against the store in memory.

mod clocks;
mod commands;
mod cost;
mod dashboard;
mod failover;
mod faults;
mod interface;
mod keys;
mod model;
mod permits;
mod probes;
mod process;
mod processes;
mod propagation;
mod quorum;
mod replicas;
mod runtime;
mod start;
mod tls;
mod topologies;
mod view;
mod warnings;
mod watched_store;
mod writes;
