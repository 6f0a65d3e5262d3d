//! The synchronisation primitives of the state machines, in one place so that loom can stand in for them.

#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic};
