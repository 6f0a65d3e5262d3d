//! Peers that misbehave on request: real HTTP servers on 127.0.0.1 and a real writer in a real
//! database.

mod assistant;
mod catalogue;
mod database;
mod exchange_rates;
mod issue_tracker;
mod partner;
mod server;
mod shards;
mod shop;
mod statuses;
mod warehouse;

pub use assistant::Assistant;
pub use catalogue::Catalogue;
pub use database::WriteLock;
pub use exchange_rates::{ExchangeRates, Health};
pub use issue_tracker::IssueTracker;
pub use partner::Partner;
pub use shards::Shards;
pub use shop::Shop;
pub use statuses::Statuses;
pub use warehouse::Warehouse;
