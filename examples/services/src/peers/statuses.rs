//! The peer of `status_codes`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};

use resilience_examples::server::Server;

use super::serve;

/// `/status/{code}` answers with that status twice, and with 200 from then on.
#[derive(Debug)]
pub struct Statuses {
    server: Server,
    requests: Arc<Requests>,
}

type Requests = Mutex<HashMap<u16, usize>>;

impl Statuses {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let requests = Arc::default();
        let app = Router::new()
            .route("/status/{code}", get(status))
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

    /// Returns the number of requests for this status that arrived so far.
    pub fn requests(&self, code: u16) -> usize {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.get(&code).copied().unwrap_or_default()
    }
}

async fn status(State(requests): State<Arc<Requests>>, Path(code): Path<u16>) -> StatusCode {
    let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
    let count = requests.entry(code).or_default();
    *count += 1;
    if *count > 2 {
        StatusCode::OK
    } else {
        StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
    }
}
