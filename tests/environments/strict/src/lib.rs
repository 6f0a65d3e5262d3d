//! The attributes where every lint that a strict house turns on is denied: none fires because of
//! the expansion.

#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unused,
    rust_2018_idioms,
    let_underscore
)]
#![deny(
    unused_qualifications,
    unused_results,
    unreachable_pub,
    single_use_lifetimes,
    trivial_casts
)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::cargo)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::implicit_return,
    clippy::shadow_same,
    clippy::shadow_reuse,
    clippy::shadow_unrelated,
    clippy::question_mark_used,
    clippy::absolute_paths,
    clippy::allow_attributes
)]
#![allow(
    clippy::implicit_return,
    clippy::cargo,
    reason = "a test crate; and no house denies both `return` and its absence"
)]

use core::mem::take;
use core::time::Duration;
use resilience::{
    BulkheadFull, CircuitOpen, RateLimited, TimedOut, bulkhead, circuit_breaker, fallback, hedge,
    rate_limit, retry, timeout,
};
use tokio::task::yield_now;

/// The errors of this crate.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Come back later.
    Busy,
    /// Too many calls were made.
    RateLimited,
    /// Too many calls are under way.
    BulkheadFull,
    /// The circuit is open.
    CircuitOpen,
    /// No answer in time.
    TimedOut,
}

impl From<RateLimited> for Error {
    fn from(_: RateLimited) -> Self {
        Self::RateLimited
    }
}

impl From<BulkheadFull> for Error {
    fn from(_: BulkheadFull) -> Self {
        Self::BulkheadFull
    }
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::CircuitOpen
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

/// A client.
#[derive(Debug)]
pub struct Client {
    limit: Duration,
    busy: bool,
}

impl Client {
    /// A client that gives up after `limit`.
    #[must_use]
    pub const fn new(limit: Duration, busy: bool) -> Self {
        Self { limit, busy }
    }

    /// Fetches.
    ///
    /// # Errors
    ///
    /// When the service is busy.
    #[retry(max_retries = 1, base_delay = 0s, retry_on(Error::Busy | Error::TimedOut), on_retry = |_| ())]
    #[circuit_breaker(name = "strict", failure_on(Error::Busy), ignore(Error::TimedOut))]
    #[timeout(self.limit, operation = "fetch", message = "too slow")]
    #[rate_limit(1000, per = 1s, key = name, max_wait = self.limit)]
    #[bulkhead(5, key = name, max_wait = self.limit)]
    pub async fn fetch(&self, name: &str) -> Result<String, Error> {
        if self.busy {
            return Err(Error::Busy);
        }
        Ok(name.to_owned())
    }

    /// Loads.
    ///
    /// # Errors
    ///
    /// When the service is busy.
    #[timeout(10s, mode = cooperative)]
    #[retry(base_delay = 0s, retry_if = |error| matches!(error, Error::Busy))]
    #[circuit_breaker(error = |_| Error::CircuitOpen)]
    #[rate_limit(1000, per = 1s, error = |_| Error::RateLimited)]
    #[bulkhead(5, error = |_| Error::BulkheadFull)]
    pub fn load(&mut self, name: &str) -> Result<String, Error> {
        if take(&mut self.busy) {
            Err(Error::Busy)
        } else {
            Ok(name.to_owned())
        }
    }
}

/// Runs on a worker.
///
/// # Errors
///
/// When it is too slow.
#[retry(max_attempts = 2)]
#[timeout(1h)]
#[bulkhead(5)]
#[expect(clippy::needless_pass_by_value, reason = "a worker thread needs it")]
pub fn compute(numbers: Vec<u32>) -> Result<u32, Error> {
    Ok(numbers.iter().sum())
}

/// Answers from a fallback.
///
/// # Errors
///
/// Never.
#[circuit_breaker(fallback = cached)]
pub fn search(query: &str, limit: usize) -> Result<usize, Error> {
    Ok(query.len().min(limit))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::missing_const_for_fn,
    reason = "a fallback is called this way"
)]
fn cached(_: &CircuitOpen, query: &str, limit: &usize) -> Result<usize, Error> {
    Ok(query.len() + *limit)
}

/// Answers in place of an error.
///
/// # Errors
///
/// When the service is busy and the query empty.
#[fallback(stored, on(Error::Busy), when = |error| *error == Error::Busy, clone(query))]
#[retry(max_retries = 1, base_delay = 0s)]
pub async fn find(connection: &Connection, query: String, limit: usize) -> Result<String, Error> {
    let consumed = query;
    let answer = connection.send(&consumed);
    answer.map(|_| consumed.chars().take(limit).collect())
}

async fn stored(
    _: &Error,
    connection: &Connection,
    query: &str,
    limit: &usize,
) -> Result<String, Error> {
    yield_now().await;
    if query.is_empty() || connection.answer.is_some() {
        return Err(Error::TimedOut);
    }
    Ok(query.chars().take(*limit).collect())
}

/// Starts another attempt beside a slow one.
///
/// # Errors
///
/// When the connection does not answer.
#[hedge(after = 10ms, budget = 0.1, accept_on(Error::TimedOut), clone(text))]
pub async fn hedged(connection: &Connection, text: String) -> Result<u32, Error> {
    let consumed = text;
    connection.send(&consumed)
}

/// Answers in place of an error, in place.
///
/// # Errors
///
/// Never.
#[fallback(|_| Ok(limit))]
pub fn count(connection: &Connection, limit: u32) -> Result<u32, Error> {
    connection.send("count")
}

/// A connection that cannot be cloned.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connection {
    answer: Option<u32>,
}

impl Connection {
    fn send(&self, text: &str) -> Result<u32, Error> {
        let answer = self.answer.filter(|_| !text.is_empty());
        answer.ok_or(Error::Busy)
    }
}

/// The body consumes an argument.
///
/// # Errors
///
/// Without an answer.
#[retry(max_retries = 1, base_delay = 0s, clone(..))]
pub fn consumes(connection: &Connection, text: String) -> Result<u32, Error> {
    let consumed = text;
    connection.send(&consumed)
}

/// The body consumes one argument and borrows one that cannot be cloned.
///
/// # Errors
///
/// Without an answer.
#[retry(max_retries = 1, base_delay = 0s, clone(..))]
pub async fn borrows(connection: Connection, text: String) -> Result<u32, Error> {
    let consumed = text;
    connection.send(&consumed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_stack_works_where_every_lint_is_denied() {
        assert_eq!(
            Client::new(Duration::MAX, false).fetch("x").await,
            Ok("x".to_owned())
        );
        assert_eq!(
            Client::new(Duration::MAX, true).fetch("x").await,
            Err(Error::Busy)
        );
        assert_eq!(
            Client::new(Duration::MAX, true).load("y"),
            Ok("y".to_owned())
        );
        assert_eq!(compute(vec![1, 2]), Ok(3));
        let busy = Connection { answer: None };
        assert_eq!(find(&busy, "x".to_owned(), 1).await, Ok("x".to_owned()));
        assert_eq!(find(&busy, String::new(), 1).await, Err(Error::TimedOut));
        assert_eq!(count(&busy, 7), Ok(7));
        let well = Connection { answer: Some(7) };
        assert_eq!(hedged(&well, "x".to_owned()).await, Ok(7));
        assert_eq!(search("abc", 2), Ok(2));
    }
}
