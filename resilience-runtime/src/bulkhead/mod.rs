//! Bulkheads: a limit for the number of calls that run at the same time.
//!
//! ```text
//!   attribute: BulkheadFuture (future.rs), Bulkhead::admit     Bulkhead (handle.rs): acquire
//!        │                                                        │
//!        ▼                                                        ▼
//!   Admission (admission.rs): async, with a timer        a sync wait (slots.rs)
//!        │                                                        │
//!        ▼                                                        ▼
//!   Slots (slots.rs): a word (word.rs) that an admission changes by one atomic operation, and a
//!   queue (queue.rs) under a lock for those that find no slot
//! ```
//!
//! `limiter.rs` finds bulkheads by name and by key. `shared.rs` is what all handles of one bulkhead
//! share.

mod admission;
mod config;
mod conversion;
mod error;
#[cfg(feature = "config")]
pub(crate) mod file;
mod future;
mod handle;
mod limiter;
mod log;
#[cfg(all(test, loom))]
mod loom_models;
mod permit;
mod queue;
mod settings;
mod shared;
mod slots;
mod stats;
#[cfg(all(test, not(loom)))]
mod tests;
mod word;

pub use self::{
    admission::BulkheadAcquire,
    config::BulkheadConfig,
    error::BulkheadFull,
    handle::Bulkhead,
    permit::{BulkheadPermit, OwnedBulkheadPermit},
    settings::BulkheadSettings,
    stats::BulkheadStats,
};

/// The names that the expansion of `#[bulkhead]` uses.
pub(crate) mod expansion {
    pub use super::{
        Bulkhead, BulkheadConfig, BulkheadFull,
        conversion::FromBulkheadFull,
        future::BulkheadFuture,
        limiter::{BulkheadSite, KeyedBulkhead},
    };
}
