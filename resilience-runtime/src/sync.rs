//! The synchronisation primitives of the circuit and of the bulkhead, in one module so that loom
//! can replace them.
//!
//! Loom replaces them in the unit tests of this crate only: `--cfg loom` reaches every crate of a
//! user's build, where a primitive of loom panics outside of the user's model. The worker pool of
//! sync timeouts keeps the standard library's, because loom has no timed wait.

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, atomic};
