//! The store of a fleet: the questions that replicas ask it, and its answers.
//!
//! - `contract` is the interface of a store.
//! - `circuit` decides: it is the state of one circuit in the store, as a pure function of time and
//!   request. The scripts of the Redis store do the same.
//! - `permits` is the same for the permits of a rate limit.
//! - `memory` is a store within one process, for tests.

mod circuit;
mod contract;
mod error;
mod memory;
mod permits;
mod request;
mod term;
mod view;

pub use self::{
    circuit::SharedCircuit,
    contract::{Alive, Changes, FleetStore, Heartbeat, Push, Session},
    error::{StoreError, StoreErrorKind},
    memory::MemoryStore,
    permits::{PermitLease, PermitReply, SharedPermits},
    request::{Opening, ProbeLease, ProbeVerdict, Request, StoredCommand},
    term::Term,
    view::{Answer, CommandView, Reply, View},
};
pub(crate) use self::{circuit::micros, memory::ALIVE_FOR, term::random_epoch};
