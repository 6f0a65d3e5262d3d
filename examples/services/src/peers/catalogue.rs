//! The peer of `hedge`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use tokio::time::sleep;

use resilience_examples::server::Server;

use super::serve;

/// The time of most requests.
const QUICK: Duration = Duration::from_millis(5);
/// The time of one request in fifty, as of a replica that collects garbage.
const SLOW: Duration = Duration::from_millis(400);
const SLOW_EVERY: u64 = 50;

/// A service with prices at `/price`. One request in fifty is slow.
#[derive(Debug)]
pub struct Catalogue {
    server: Server,
    requests: Arc<AtomicU64>,
}

impl Catalogue {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let requests = Arc::<AtomicU64>::default();
        let app = Router::new()
            .route("/price", get(price))
            .with_state(Arc::clone(&requests));
        Self {
            server: serve(app),
            requests,
        }
    }

    /// Returns the address of the service.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the number of requests that arrived so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn price(State(requests): State<Arc<AtomicU64>>) -> &'static str {
    let request = requests.fetch_add(1, Ordering::SeqCst) + 1;
    let is_slow = request % SLOW_EVERY == 0;
    sleep(if is_slow { SLOW } else { QUICK }).await;
    "42"
}
