//! The circuits of one name, one for each key (`key = …`).
//!
//! ```text
//!   attribute, CircuitBreakerFamily (handle)
//!        │ the text of the key (crate::keyed)
//!        ▼
//!   Family (family, declare): names, configuration, commands, statistics (stats)
//!        │ hash and text                        │ a key without a circuit
//!        ▼                                      ▼
//!   Circuits (circuits): a KeyedMap          Changes, under one lock: adds a circuit, or
//!   (crate::keyed) of circuits               forgets one to make room, or hands out the
//!                                            overflow circuit
//!        │                                      │
//!        ▼                                      ▼
//!   KeyedCircuit (found): holds the circuit until the call ends
//! ```
//!
//! A call that finds its circuit takes the lock of a shard for a moment, and no other. A circuit is
//! forgotten only if it equals a new one and nobody uses it, so that admission is the same as
//! without the bound: a call counts as a use from its look-up until its end, because it holds a
//! reference to the entry, and so does a permit of a handle, because the circuit counts its permits
//! (`usage`).
//!
//! No lock is held while the user's code runs: the `Display` of a key, a subscriber of the log, a
//! listener.

mod circuits;
mod declare;
mod family;
mod found;
mod handle;
#[cfg(feature = "config")]
mod in_file;
mod stats;
#[cfg(test)]
mod tests;

pub(crate) use self::family::Family;
pub use self::{found::KeyedCircuit, handle::CircuitBreakerFamily, stats::FamilyStats};
