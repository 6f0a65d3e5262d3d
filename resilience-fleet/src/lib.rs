//! Circuits of many replicas over Redis or Valkey, for [`resilience`].
//!
//! ```no_run
//! use std::time::Duration;
//! use resilience::Command;
//! use resilience_fleet::{Fleet, Quorum};
//!
//! # async fn serve() -> Result<(), resilience_fleet::FleetError> {
//! let fleet = Fleet::builder("redis://127.0.0.1:6379")
//!     .namespace("orders-prod")
//!     .share(["jira", "billing"])
//!     .quorum(Quorum::new().min_votes(2).share(0.5))
//!     .start()
//!     .await?;
//!
//! let maintenance = Command::new("maintenance").by("ana").for_(Duration::from_secs(600));
//! fleet.isolate("jira", maintenance).await?;
//! for circuit in fleet.status().await?.circuits {
//!     println!("{}: {}, {} votes", circuit.name, circuit.state, circuit.votes);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Functions and attributes stay as they are: `#[circuit_breaker(name = "jira")]` is shared by its
//! name for as long as the [`Fleet`] lives. A success costs no request and no instruction more.
//!
//! - A circuit that opens by itself is a **vote**. When enough replicas vote, it opens in all of
//!   them, see [`Quorum`]. One bad replica opens itself only.
//! - **Probes** are leased: at most `half_open_max_calls` run at a time over all replicas, and
//!   their successes are counted together. Only a call that would be a probe waits for the store,
//!   for at most 50 ms.
//! - **Rate limits** of [`share_rate_limits`](FleetBuilder::share_rate_limits) are limits of all
//!   replicas together. Permits are leased in batches, so that no call waits for the store.
//! - **Commands** ([`Fleet::isolate`] and its kin) reach all replicas, also those that start later.
//! - **Without the store** each circuit decides alone, as it does without a fleet, and the event
//!   `FleetDegraded` says so. No call is delayed or fails by that.
//!
//! The README names the server and the permissions that it needs, and says when not to use it.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `metrics` | the metrics below, by the `metrics` facade |
//! | `tls` | addresses that begin with `rediss://`, with rustls and the roots of the operating system |
//!
//! # Metrics
//!
#![doc = include_str!("metrics.md")]

mod builder;
mod circuit_id;
mod error;
mod fleet;
mod meters;
mod quorum;
mod rate_limit_id;
mod redis_store;
mod replica;
mod shared;
mod start;
mod status;
pub mod store;

pub use self::{
    builder::FleetBuilder,
    circuit_id::CircuitId,
    error::{FleetError, FleetErrorKind},
    fleet::Fleet,
    quorum::Quorum,
    rate_limit_id::RateLimitId,
    redis_store::{RedisSession, RedisStore},
    status::{FleetCircuit, FleetCommand, FleetRateLimit, FleetStatus},
};
