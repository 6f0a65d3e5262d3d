//! The peer of `quickstart`.

use std::{
    fmt, future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use super::server::Server;

/// The state of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Answers at once.
    #[default]
    Fine,
    /// Answers two requests of three with 503.
    Errors,
    /// Takes requests and never answers.
    Hangs,
    /// Does not listen.
    Down,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fine => "is fine",
            Self::Errors => "answers two requests of three with 503",
            Self::Hangs => "hangs",
            Self::Down => "is down",
        })
    }
}

/// A service with exchange rates at `/rates/{currency}`.
#[derive(Debug)]
pub struct ExchangeRates {
    server: Server,
    desk: Arc<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    health: Mutex<Health>,
    requests: AtomicUsize,
    /// Those of them that met errors.
    met_errors: AtomicUsize,
}

impl ExchangeRates {
    /// Starts it on a free port, in good health.
    pub fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let app = Router::new()
            .route("/rates/{currency}", get(rate))
            .with_state(Arc::clone(&desk));
        Self {
            server: Server::start(app),
            desk,
        }
    }

    /// Returns the address of the service.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Decides the fate of the requests from now on.
    pub fn set_health(&mut self, health: Health) {
        *self
            .desk
            .health
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = health;
        match health {
            Health::Down => self.server.down(),
            _ => self.server.up(),
        }
    }

    /// Returns the number of requests that arrived so far.
    pub fn requests(&self) -> usize {
        self.desk.requests.load(Ordering::SeqCst)
    }
}

async fn rate(
    State(desk): State<Arc<Desk>>,
    Path(currency): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    desk.requests.fetch_add(1, Ordering::SeqCst);
    let health = *desk.health.lock().unwrap_or_else(PoisonError::into_inner);
    match health {
        Health::Hangs => future::pending().await,
        Health::Errors if desk.met_errors.fetch_add(1, Ordering::SeqCst) % 3 != 2 => {
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
        _ if currency == "EUR" => Ok(Json(json!({ "usd": 1.0871 }))),
        _ => Err(StatusCode::NOT_FOUND),
    }
}
