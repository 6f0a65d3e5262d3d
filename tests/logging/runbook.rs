//! The page "runbook" of the guide shows log lines, and an operator searches for them. Each of them
//! is a line that the library writes, letter by letter.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resilience::{
    BulkheadFull, CircuitOpen, Command, RateLimited, bulkhead, circuit_breaker, fallback,
    rate_limit, registry, retry,
};
use tokio::time::advance;

const PAGE: &str = include_str!("../../resilience-runtime/src/guide/runbook.md");

/// The error of the service of the page.
#[derive(Debug, Clone)]
enum JiraError {
    Status(u16),
    Refused(String),
}

impl fmt::Display for JiraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the service answered {status}"),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

impl From<CircuitOpen> for JiraError {
    fn from(open: CircuitOpen) -> Self {
        Self::Refused(open.to_string())
    }
}

impl From<BulkheadFull> for JiraError {
    fn from(full: BulkheadFull) -> Self {
        Self::Refused(full.to_string())
    }
}

impl From<RateLimited> for JiraError {
    fn from(limited: RateLimited) -> Self {
        Self::Refused(limited.to_string())
    }
}

/// The lines of the standard subscriber, without their time.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines).into_owned()
    }
}

#[retry(max_retries = 3, base_delay = 200ms, jitter = none, operation = "jira.issue")]
#[circuit_breaker(name = "jira", failure_threshold = 5, recovery_timeout = 30s)]
async fn issue(outcome: Result<(), JiraError>) -> Result<(), JiraError> {
    outcome.clone()
}

#[retry(max_retries = 3, base_delay = 0s, budget = "jira", operation = "jira.search")]
async fn search() -> Result<(), JiraError> {
    Err(JiraError::Status(503))
}

#[fallback(|_| Ok(()), operation = "jira.board")]
async fn board() -> Result<(), JiraError> {
    Err(JiraError::Status(503))
}

#[bulkhead(1, name = "jira")]
async fn export() -> Result<(), JiraError> {
    tokio::task::yield_now().await;
    Ok(())
}

#[rate_limit(1, per = 1s, name = "jira")]
async fn comment() -> Result<(), JiraError> {
    Ok(())
}

/// An outage from its first retry to the last probe, with the commands of an operator.
async fn outage() {
    let down = || Err(JiraError::Status(503));
    issue(Ok(())).await.expect("it is well");
    issue(down()).await.expect_err("four attempts fail");
    issue(down())
        .await
        .expect_err("the fifth failure opens the circuit");
    advance(Duration::from_secs(30)).await;
    issue(down()).await.expect_err("the probe fails");
    advance(Duration::from_secs(30)).await;
    for _ in 0..2 {
        issue(Ok(())).await.expect("the probes succeed");
    }
    let command = Command::new("they migrate their database").by("ana@example.com");
    registry::isolate_with("jira", command.for_(Duration::from_secs(600)));
    issue(Ok(())).await.expect_err("the circuit is isolated");
    registry::reset_with(
        "jira",
        Command::new("the migration is done").by("ana@example.com"),
    );
}

async fn limits() {
    registry::register_budget("jira", resilience::RetryBudget::new().min_per_second(0))
        .expect("nobody has the name");
    search().await.expect_err("one call allows no retry");
    board().await.expect("the fallback answers");
    let (one, two) = tokio::join!(export(), export());
    assert!(one.is_ok() && two.is_err());
    comment().await.expect("the first turn");
    comment().await.expect_err("the second turn comes later");
}

#[tokio::test(start_paused = true)]
async fn the_lines_of_the_runbook_are_those_that_the_library_writes() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    outage().await;
    limits().await;
    drop(guard);

    let text = lines.text();
    let written: BTreeSet<&str> = text.lines().map(str::trim).collect();
    let is_line = |line: &&str| line.contains(" resilience: ");
    let shown: BTreeSet<&str> = PAGE.lines().map(str::trim).filter(is_line).collect();
    let stale: Vec<_> = shown.difference(&written).collect();
    assert!(
        stale.is_empty(),
        "the library does not write {stale:#?}, but:\n{text}"
    );
    let missing: Vec<_> = written.difference(&shown).collect();
    assert!(missing.is_empty(), "the page does not show {missing:#?}");
}
