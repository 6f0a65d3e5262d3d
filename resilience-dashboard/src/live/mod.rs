//! The stream of changes: one thread compares snapshots, and any number of readers up to a bound
//! follow it.

mod changes;
mod hub;
mod message;
mod queue;
mod reader;

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::stream;

use self::reader::Reader;
use crate::answer::{self, Refusal};

pub(crate) use self::hub::Hub as Live;

/// The answer to `GET /events`: a stream that ends with the connection.
pub(crate) fn answer(live: &Arc<Live>, headers: &HeaderMap) -> Response {
    let last = headers.get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok());
    let reader = match Reader::join(live, last) {
        Ok(reader) => reader,
        Err(refused) => {
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, refused.cause());
            return refusal.into_response();
        }
    };
    let messages = stream::unfold(reader, async |mut reader: Reader| {
        let message = reader.next().await;
        Some((Ok::<_, Infallible>(message), reader))
    });
    let body = Body::from_stream(messages);
    let mut answer = answer::with_type(StatusCode::OK, "text/event-stream", body);
    // nginx would keep the events until its buffer is full.
    let no = HeaderValue::from_static("no");
    answer.headers_mut().insert("x-accel-buffering", no);
    answer
}
