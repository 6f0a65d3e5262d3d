//! The peer of `storm`.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use tokio::time::{Instant, sleep_until};

use resilience_examples::server::Server;

use super::serve;

/// The time for one request. A request that comes meanwhile waits in line.
const WORK: Duration = Duration::from_micros(3_333);

/// A service that can answer 300 requests a second. It answers in the order of arrival, and it
/// works on a request to its end although nobody waits for the answer any more, as most services
/// do.
#[derive(Debug)]
pub struct Warehouse {
    server: Server,
    state: Arc<WarehouseState>,
}

#[derive(Debug)]
struct WarehouseState {
    /// The end of the work on all requests that have come. It is a time of the plan, so that the
    /// service is as quick on a busy machine.
    free_at: Mutex<Instant>,
    requests: AtomicU64,
}

impl WarehouseState {
    /// Plans work of this time behind all other work, and returns its end.
    fn plan(&self, time: Duration) -> Instant {
        let mut free_at = self.free_at.lock().expect("no thread panics");
        *free_at = Instant::now().max(*free_at) + time;
        *free_at
    }
}

impl Warehouse {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let state = Arc::new(WarehouseState {
            free_at: Mutex::new(Instant::now()),
            requests: AtomicU64::new(0),
        });
        let app = Router::new()
            .route("/stock", get(answer))
            .with_state(Arc::clone(&state));
        let server = serve(app);
        Self { server, state }
    }

    /// Returns the address of the service.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the number of requests that arrived so far.
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }

    /// Answers nothing for a while.
    pub fn stall(&self, time: Duration) {
        self.state.plan(time);
    }
}

async fn answer(State(state): State<Arc<WarehouseState>>) -> &'static str {
    state.requests.fetch_add(1, Ordering::Relaxed);
    sleep_until(state.plan(WORK)).await;
    "12 in stock"
}
