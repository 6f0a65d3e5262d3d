//! The deadline that code runs under: who sees it, who keeps to it, and where it does not go.

mod inherit;
mod inherited;
mod leaks;
mod nested_sync;
mod properties;
mod questions;
mod retries;

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use resilience::with_deadline;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Calls a function under a deadline. It may return a future, which then leaves the deadline.
async fn under_deadline<T>(at: Instant, mut f: impl FnMut() -> T) -> T {
    with_deadline(at, poll_fn(|_| Poll::Ready(f()))).await
}
