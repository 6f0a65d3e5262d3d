//! The peer of `llm_call`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use resilience_examples::server::Server;

use super::serve;

/// A language model at `/generate`. It sends the first request away for a second, takes half a
/// minute for the second one and none for those that follow.
#[derive(Debug)]
pub struct Assistant {
    server: Server,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Assistant {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let arrivals = Arc::default();
        let app = Router::new()
            .route("/generate", post(generate))
            .with_state(Arc::clone(&arrivals));
        Self {
            server: serve(app),
            arrivals,
        }
    }

    /// Returns the address of the service.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// When each request arrived.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.arrivals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn generate(
    State(arrivals): State<Arc<Mutex<Vec<Instant>>>>,
    Json(request): Json<Value>,
) -> Response {
    let number = {
        let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.push(Instant::now());
        arrivals.len()
    };
    match number {
        1 => return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response(),
        2 => sleep(Duration::from_secs(30)).await,
        _ => {}
    }
    let words = request["prompt"]
        .as_str()
        .unwrap_or_default()
        .split_whitespace()
        .count();
    Json(json!({ "text": format!("That is a question of {words} words.") })).into_response()
}
