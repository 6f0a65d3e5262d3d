//! The servers and the proxy of the tests.

pub mod proxy;
pub mod server;
