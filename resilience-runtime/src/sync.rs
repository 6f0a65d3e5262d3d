//! The synchronisation primitives of the circuit's state machine, in one place so that loom can stand in for them.
//!
//! The worker pool of sync timeouts keeps the standard library's: loom has no timed wait.

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, atomic};
