//! The shared things that limit calls, by name: what a bulkhead and a rate limit have in common.
//!
//! ```text
//!   attribute ── Site (site.rs): looks its limiter up once and keeps it
//!        │
//!        ▼
//!   Names (names.rs): all limiters of a policy by name
//!        │
//!        ▼
//!   Named (named.rs): the configuration of a name, its limiter, and a limiter for each key (keys.rs)
//!        │
//!        ▼
//!   Limiter (limiter.rs): the policy's own part: admits calls and counts them (counts.rs)
//! ```
//!
//! The configuration of a name and its switches are a `Present` (present.rs). `config.rs` has the
//! settings that all limiters have, and `description.rs` describes them. `file.rs` gives the values
//! of the configuration file to all names, and `in_file.rs` makes a configuration of them.
//!
//! A limiter stays registered for as long as the process lives, so a site keeps it after the first
//! look-up. No lock is held while the user's code runs, and the log counts as the user's code.

#[cfg(feature = "config")]
mod begun;
mod config;
mod counts;
mod description;
#[cfg(feature = "config")]
pub(crate) mod file;
mod found;
#[cfg(all(test, not(loom)))]
pub(crate) mod idle_key;
#[cfg(feature = "config")]
mod in_file;
mod keys;
mod limit;
#[expect(
    clippy::module_inception,
    reason = "the file has the trait of that name"
)]
mod limiter;
mod log;
mod named;
mod names;
mod present;
mod report;
mod site;
mod snapshot;
mod value;

#[cfg(feature = "config")]
pub(crate) use self::config::LimiterSection;
pub use self::limit::call_limit;
pub(crate) use self::{
    config::{CommonSettings, LimiterConfig},
    counts::{Counts, Totals},
    found::KeyedLimiter,
    limiter::{Limiter, LimiterTypes},
    log::report_lines,
    names::{Names, Registered},
    present::Present,
    report::Report,
    site::LimiterSite,
    snapshot::Snapshot,
};
