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
//!   Limiter (limiter.rs): the policy's own part: admits calls and counts them
//! ```
//!
//! A limiter stays registered for as long as the process lives, so a site keeps it after the first
//! look-up. No lock is held while the user's code runs, and the log counts as the user's code.

mod found;
mod keys;
#[expect(
    clippy::module_inception,
    reason = "the file has the name of the trait that policies implement"
)]
mod limiter;
mod log;
mod named;
mod names;
mod site;
mod value;

pub(crate) use self::{
    found::KeyedLimiter,
    limiter::{Configured, Limiter, Report},
    log::report_lines,
    named::Named,
    names::{Names, Registered},
    site::LimiterSite,
};
