//! Requests to the router, and a reader of its stream.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::{Request, Response, StatusCode, header},
};
use futures_util::StreamExt;
use resilience::CircuitBreakerConfig;
use resilience_dashboard::{Access, router};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

/// The longest wait for something that is there within a second.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Response<Body> {
    let answer = app.clone().oneshot(request).await.expect("infallible");
    let headers = answer.headers();
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    answer
}

pub(crate) async fn get(app: &Router, path: &str) -> Response<Body> {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    send(app, request).await
}

pub(crate) async fn json_of(answer: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    serde_json::from_slice(&bytes.expect("a body")).expect("JSON")
}

pub(crate) fn read_only() -> Router {
    router(Access::read_only())
}

/// An event of the stream: its lines by their names.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A reader of the stream, within the process.
pub(crate) struct Reader {
    body: BodyDataStream,
    text: String,
}

impl Reader {
    pub(crate) async fn open(app: &Router, last_event_id: Option<&str>) -> Self {
        let mut request = Request::get("/events");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let answer = send(app, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        let body = answer.into_body().into_data_stream();
        Self {
            body,
            text: String::new(),
        }
    }

    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or_default()
                        .to_owned()
                };
                let event = Event {
                    id: line("id: "),
                    name: line("event: "),
                    data: serde_json::from_str(&line("data: ")).expect("JSON"),
                };
                let rest = rest.to_owned();
                self.text = rest;
                return event;
            }
            let chunk = tokio::time::timeout(LONGEST_WAIT, self.body.next()).await;
            let chunk = chunk
                .expect("an event in time")
                .expect("no end")
                .expect("no error");
            self.text
                .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// Waits for the change of a circuit that satisfies the condition.
    pub(crate) async fn change_of(
        &mut self,
        circuit: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Event {
        loop {
            let event = self.next().await;
            let changed = event.data["changed"]["circuits"].as_array();
            let mut changed = changed.into_iter().flatten();
            if changed.any(|change| change["name"] == circuit && is_wanted(change)) {
                return event;
            }
        }
    }
}
