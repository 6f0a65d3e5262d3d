//! The peer of `rate_limit`.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};

use resilience_examples::server::Server;

use super::serve;

/// An API that takes at most so many requests in any second and answers 429 to the others.
#[derive(Debug)]
pub struct Partner {
    server: Server,
    requests: Arc<Mutex<Requests>>,
}

#[derive(Debug)]
struct Requests {
    limit: usize,
    /// The arrivals of the last second.
    latest: VecDeque<Instant>,
    accepted: usize,
    refused: usize,
}

impl Partner {
    /// Starts it on a free port.
    pub fn start(limit: usize) -> Self {
        let requests = Arc::new(Mutex::new(Requests {
            limit,
            latest: VecDeque::new(),
            accepted: 0,
            refused: 0,
        }));
        let app = Router::new()
            .route("/orders", post(order))
            .with_state(Arc::clone(&requests));
        Self {
            server: serve(app),
            requests,
        }
    }

    /// Returns the address of the API.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the numbers of requests since the last time that were accepted and refused.
    pub fn take_counts(&self) -> (usize, usize) {
        let mut requests = lock(&self.requests);
        let counts = (requests.accepted, requests.refused);
        (requests.accepted, requests.refused) = (0, 0);
        requests.latest.clear();
        counts
    }
}

fn lock(requests: &Mutex<Requests>) -> std::sync::MutexGuard<'_, Requests> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn order(State(requests): State<Arc<Mutex<Requests>>>) -> StatusCode {
    let (now, mut requests) = (Instant::now(), lock(&requests));
    while let Some(&first) = requests.latest.front() {
        if now.duration_since(first) < Duration::from_secs(1) {
            break;
        }
        requests.latest.pop_front();
    }
    if requests.latest.len() < requests.limit {
        requests.latest.push_back(now);
        requests.accepted += 1;
        StatusCode::CREATED
    } else {
        requests.refused += 1;
        StatusCode::TOO_MANY_REQUESTS
    }
}
