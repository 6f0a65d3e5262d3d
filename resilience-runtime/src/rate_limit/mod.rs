//! Rate limits: a limit for the number of calls in a time.
//!
//! ```text
//!   attribute: RateLimitFuture (future.rs), RateLimit::admit     RateLimit (handle.rs): acquire
//!        │                                                          │
//!        ▼                                                          ▼
//!   Turn (turn.rs): async, with a timer                  a sync wait (handle.rs)
//!        │                                                          │
//!        ▼                                                          ▼
//!   Cells (cells.rs): a word that an admission changes by one atomic operation
//!        │
//!        ▼
//!   Rate (rate.rs) decides: the generic cell rate algorithm, in whole numbers
//! ```
//!
//! `leases.rs` has the permits of a limit that processes share, and `coordinate.rs` its interface.
//! `limiter.rs` finds rate limits by name and by key. `shared.rs` is what all handles of one rate
//! limit share.

mod acquire;
mod admitted;
mod cells;
mod config;
mod conversion;
mod coordinate;
mod coordinator;
mod error;
#[cfg(feature = "config")]
pub(crate) mod file;
mod fleet_view;
mod followers;
mod future;
mod handle;
mod leases;
mod limiter;
mod log;
#[cfg(all(test, loom))]
mod loom_models;
mod permit_request;
mod rate;
mod settings;
mod shared;
mod stats;
#[cfg(all(test, not(loom)))]
mod tests;
mod turn;

pub(crate) use self::followers::begin_to_follow;
pub use self::{
    acquire::RateLimitAcquire, config::RateLimitConfig, coordinator::RateLimitCoordinator,
    error::RateLimited, fleet_view::RateLimitView, followers::RateLimitFollower, handle::RateLimit,
    permit_request::PermitRequest, settings::RateLimitSettings, stats::RateLimitStats,
};

/// The names that the expansion of `#[rate_limit]` uses.
pub(crate) mod expansion {
    pub use super::{
        RateLimit, RateLimitConfig, RateLimited,
        conversion::FromRateLimited,
        future::RateLimitFuture,
        limiter::{KeyedRateLimit, RateLimitSite},
    };
}
