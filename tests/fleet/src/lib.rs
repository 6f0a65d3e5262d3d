//! The servers and the proxies of the tests.

pub mod clock;
pub mod proxy;
pub mod server;
pub mod tap;

#[cfg(doctest)]
#[doc = include_str!("../../../resilience-fleet/README.md")]
mod readme {}
