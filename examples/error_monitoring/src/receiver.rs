//! A receiver of envelopes, as Sentry has one.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use sentry::Envelope;
use sentry::protocol::{EnvelopeItem, Event};
use tokio::net::TcpListener;

type Issues = Arc<Mutex<Vec<Event<'static>>>>;

/// It keeps the issues in the order of their arrival.
pub(crate) struct Receiver {
    dsn: String,
    issues: Issues,
}

impl Receiver {
    pub(crate) async fn start() -> io::Result<Self> {
        let issues = Issues::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let dsn = format!("http://public@{}/1", listener.local_addr()?);
        let app = Router::new()
            .route("/api/1/envelope/", post(receive))
            .with_state(Arc::clone(&issues));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { dsn, issues })
    }

    /// The address in the form that clients are given.
    pub(crate) fn dsn(&self) -> String {
        self.dsn.clone()
    }

    pub(crate) fn issues(&self) -> Vec<Event<'static>> {
        let issues = self.issues.lock().unwrap_or_else(PoisonError::into_inner);
        issues.clone()
    }
}

async fn receive(State(issues): State<Issues>, body: Bytes) -> StatusCode {
    let Ok(envelope) = Envelope::from_slice(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let received = envelope.into_items().filter_map(|item| match item {
        EnvelopeItem::Event(event) => Some(*event),
        _ => None,
    });
    let mut issues = issues.lock().unwrap_or_else(PoisonError::into_inner);
    issues.extend(received);
    StatusCode::OK
}
