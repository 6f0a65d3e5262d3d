//! The peer of `storm`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use tokio::{sync::Semaphore, time::sleep};

use resilience_examples::server::Server;

use super::serve;

/// The requests that are answered at the same time. The others wait in line.
const WORKERS: u32 = 6;
const WORK: Duration = Duration::from_millis(20);

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
    workers: Arc<Semaphore>,
    requests: AtomicU64,
}

impl Warehouse {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let state = Arc::new(WarehouseState {
            workers: Arc::new(Semaphore::new(WORKERS as usize)),
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
    pub async fn stall(&self, time: Duration) {
        let workers = self.state.workers.acquire_many(WORKERS).await;
        sleep(time).await;
        drop(workers);
    }
}

async fn answer(State(state): State<Arc<WarehouseState>>) -> &'static str {
    state.requests.fetch_add(1, Ordering::Relaxed);
    // A task of its own works on when the connection is closed.
    let work = tokio::spawn(async move {
        let worker = state.workers.acquire().await;
        sleep(WORK).await;
        drop(worker);
    });
    // The work does not panic and is never aborted.
    let _ = work.await;
    "12 in stock"
}
