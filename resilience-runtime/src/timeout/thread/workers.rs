//! The worker threads of sync timeouts. The bodies of sync `#[timeout]` functions run on them
//! (`mode = thread`).
//!
//! The process has one pool of them. It starts with the first call and can be configured before
//! that:
//!
//! ```
//! use resilience::workers::{self, WorkerConfig};
//!
//! fn main() -> Result<(), workers::AlreadyStarted> {
//!     workers::configure(WorkerConfig::new().max_workers(64).stack_size(8 << 20))?;
//!     // …
//!     # assert!(workers::configure(WorkerConfig::new()).is_err());
//!     Ok(())
//! }
//! ```
//!
//! [`worker_stats`](crate::worker_stats) tells how many there are and what they do.
//!
//! - **Share.** The calls of one operation may hold half of the workers
//!   ([`WorkerConfig::max_share`]), so that one dependency that hangs does not take the workers of
//!   all others. A call beyond that is refused at once, with a [`TimedOut`](crate::TimedOut) that
//!   was not [started](crate::TimedOut::was_started). Methods of one name in one module are one
//!   operation, unless `operation = "…"` tells them apart.
//! - **Stack.** A worker has the stack of any Rust thread, 2 MiB. The outcome of a call is copied
//!   from frame to frame: a function that returns 200 KB needs three times as much stack under
//!   `#[retry]` as bare, and four times under all three attributes. Return large values in a `Box`,
//!   or set [`WorkerConfig::stack_size`]; a stack that overflows ends the process.
//! - **Names.** The threads are called `resilience-1`, `resilience-2` and so on, because Linux
//!   keeps 15 bytes of a name.
//! - **Nice value.** The operating system gives a new thread the nice value, the processor affinity
//!   and the like of the thread that started it, and no thread without privileges can take a nice
//!   value back. A worker that was started by a call on a background thread keeps that thread's
//!   priority when it later serves other callers. Where threads of different priorities call sync
//!   `#[timeout]` functions, use `mode = cooperative` on the background threads.
//! - **Fork.** After `fork` the child has none of its parent's threads. Its first call begins with
//!   an empty pool and the parent's configuration, unless the child calls [`configure`] before.

pub use super::pool_state::WorkerStats;
pub use super::process_pool::{AlreadyStarted, configure};
pub use super::worker_config::WorkerConfig;
