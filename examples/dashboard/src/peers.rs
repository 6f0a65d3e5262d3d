//! The five dependencies: one server that plays them all, each well or failing in its own way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

/// The dependencies by the names of their circuits.
pub(crate) const NAMES: [&str; 5] = ["payments", "inventory", "search", "llm_api", "mail"];

/// The server, and the switch that says which dependency fails.
pub(crate) struct Peers {
    url: String,
    failing: Arc<AtomicUsize>,
}

impl Peers {
    pub(crate) async fn start() -> io::Result<Self> {
        let failing = Arc::new(AtomicUsize::new(NAMES.len()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new()
            .route("/{name}", get(answer))
            .with_state(Arc::clone(&failing));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, failing })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Makes one dependency fail, by its place in [`NAMES`], and the others well.
    pub(crate) fn fail(&self, index: usize) {
        self.failing.store(index, Ordering::Relaxed);
    }

    /// Makes all dependencies well.
    pub(crate) fn heal(&self) {
        self.fail(NAMES.len());
    }
}

async fn answer(
    State(failing): State<Arc<AtomicUsize>>,
    Path(name): Path<String>,
) -> (StatusCode, &'static str) {
    let failing = NAMES.get(failing.load(Ordering::Relaxed));
    if failing != Some(&name.as_str()) {
        return (StatusCode::OK, "fine");
    }
    match name.as_str() {
        "inventory" => {
            // The callers wait for 100 ms only.
            tokio::time::sleep(Duration::from_secs(2)).await;
            (StatusCode::OK, "too late")
        }
        "llm_api" => (StatusCode::TOO_MANY_REQUESTS, "slow down"),
        "mail" => (StatusCode::BAD_GATEWAY, "no upstream"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "down"),
    }
}
