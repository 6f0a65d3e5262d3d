//! The peer of `jira_search`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use resilience_examples::server::Server;

use super::serve;

/// An issue tracker with `/search` and `/issue/{key}`.
#[derive(Debug)]
pub struct IssueTracker {
    server: Server,
    desk: Arc<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    requests: AtomicUsize,
    /// Requests that are still to be answered with 503.
    broken_for: AtomicUsize,
}

impl IssueTracker {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let app = Router::new()
            .route("/search", get(search))
            .route("/issue/{key}", get(issue))
            .with_state(Arc::clone(&desk));
        Self {
            server: serve(app),
            desk,
        }
    }

    /// Returns the address of the service.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Answers the next `requests` with 503.
    pub fn fail_next(&self, requests: usize) {
        self.desk.broken_for.store(requests, Ordering::SeqCst);
    }

    /// Returns the number of requests that arrived so far.
    pub fn requests(&self) -> usize {
        self.desk.requests.load(Ordering::SeqCst)
    }
}

impl Desk {
    fn admit(&self) -> Result<(), StatusCode> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let broken = self
            .broken_for
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if broken.is_ok() {
            Err(StatusCode::SERVICE_UNAVAILABLE)
        } else {
            Ok(())
        }
    }
}

async fn search(State(desk): State<Arc<Desk>>) -> Result<Json<Value>, StatusCode> {
    desk.admit()?;
    Ok(Json(json!([
        found("OPS-17", "Disk of db-3 is full"),
        found("OPS-21", "Certificate expires on Friday")
    ])))
}

async fn issue(
    State(desk): State<Arc<Desk>>,
    Path(key): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    desk.admit()?;
    if key == "OPS-17" {
        Ok(Json(found(&key, "Disk of db-3 is full")))
    } else {
        Err(StatusCode::NOT_FOUND)
    }
}

fn found(key: &str, summary: &str) -> Value {
    json!({ "key": key, "summary": summary })
}
