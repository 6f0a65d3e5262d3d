//! The peer of `monitoring`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use tokio::time::sleep;

use resilience_examples::server::Server;

use super::serve;

/// Three services behind one address: `/inventory` is well, `/payments` fails two times of three
/// and `/recommendations` takes a quarter of a second.
#[derive(Debug)]
pub struct Shop {
    server: Server,
    requests: Arc<Requests>,
}

type Requests = Mutex<HashMap<String, u64>>;

impl Shop {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let requests = Arc::default();
        let app = Router::new()
            .route("/{service}", get(answer))
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

    /// Returns the number of requests for this service that arrived so far.
    pub fn requests(&self, service: &str) -> u64 {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.get(service).copied().unwrap_or_default()
    }
}

async fn answer(State(requests): State<Arc<Requests>>, Path(service): Path<String>) -> StatusCode {
    let number = {
        let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        let count = requests.entry(service.clone()).or_default();
        *count += 1;
        *count
    };
    match service.as_str() {
        "inventory" => StatusCode::OK,
        "payments" if number % 3 == 0 => StatusCode::OK,
        "payments" => StatusCode::INTERNAL_SERVER_ERROR,
        "recommendations" => {
            sleep(Duration::from_millis(250)).await;
            StatusCode::OK
        }
        _ => StatusCode::NOT_FOUND,
    }
}
