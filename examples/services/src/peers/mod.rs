//! Peers that misbehave on request: real HTTP servers on 127.0.0.1.

mod assistant;
mod catalogue;
mod issue_tracker;
mod partner;
mod shards;
mod shop;
mod statuses;
mod warehouse;

pub use assistant::Assistant;
pub use catalogue::Catalogue;
pub use issue_tracker::IssueTracker;
pub use partner::Partner;
pub use resilience_examples::{ExchangeRates, Health};
pub use shards::Shards;
pub use shop::Shop;
pub use statuses::Statuses;
pub use warehouse::Warehouse;

use axum::Router;
use resilience_examples::server::Server;

/// Serves the app on a free port of 127.0.0.1.
fn serve(app: Router) -> Server {
    Server::start(move |listener| {
        let app = app.clone();
        async move { axum::serve(listener, app).await }
    })
}
