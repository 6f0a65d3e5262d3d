//! The parts that the examples share: the timeline that they print, a server that can go away, and
//! the peer of the quickstart.

mod exchange_rates;
pub mod http;
pub mod server;
pub mod timeline;

pub use exchange_rates::{ExchangeRates, Health};
