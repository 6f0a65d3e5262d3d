//! Several attributes on one function: the top one is the outermost.

mod futures;
mod layers;
mod neighbours;
mod orders;
mod refusals;
mod repeated;

use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, is_abandoned};
use tokio::time::{advance, sleep};

use crate::api_error::ApiError;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Step {
    Succeeds,
    Fails,
    FailsAfter(Duration),
    Hangs,
}

/// A service that behaves as scripted, with the circuit and the limit of the function that calls
/// it.
struct Service {
    /// One step per execution; the last one again and again.
    script: Vec<Step>,
    executions: AtomicUsize,
    breaker: CircuitBreaker,
    limit: Duration,
}

impl Service {
    /// The circuit opens at two failures, and the limit is far away.
    fn new(script: &[Step]) -> Self {
        let breaker =
            CircuitBreaker::new("service", CircuitBreakerConfig::new().failure_threshold(2));
        Self {
            script: script.to_vec(),
            executions: AtomicUsize::new(0),
            breaker,
            limit: Duration::from_secs(3600),
        }
    }

    /// The circuit never opens by itself.
    fn unguarded(script: &[Step]) -> Self {
        let breaker = CircuitBreaker::new(
            "service",
            CircuitBreakerConfig::new().failure_threshold(u32::MAX),
        );
        Self {
            breaker,
            ..Self::new(script)
        }
    }

    fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    fn executions(&self) -> usize {
        self.executions.load(Ordering::SeqCst)
    }

    fn next(&self) -> Step {
        let at = self.executions.fetch_add(1, Ordering::SeqCst);
        self.script[at.min(self.script.len() - 1)]
    }

    async fn answer(&self) -> Result<(), ApiError> {
        match self.next() {
            Step::Succeeds => Ok(()),
            Step::Fails => Err(ApiError::Down),
            Step::FailsAfter(time) => {
                sleep(time).await;
                Err(ApiError::Down)
            }
            Step::Hangs => pending().await,
        }
    }

    /// Hangs until it is given up, and fails then.
    fn answer_blocking(&self) -> Result<(), ApiError> {
        match self.next() {
            Step::Succeeds => Ok(()),
            Step::Fails => Err(ApiError::Down),
            Step::FailsAfter(time) => {
                pass(time);
                Err(ApiError::Down)
            }
            Step::Hangs => {
                while !is_abandoned() {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(ApiError::Down)
            }
        }
    }

    /// Shows the counts of the circuit, without the zeros.
    fn recorded(&self) -> String {
        let stats = self.breaker.stats();
        let counts = [
            (stats.successes, "succeeded"),
            (stats.failures, "failed"),
            (stats.ignored, "ignored"),
            (stats.refused, "refused"),
            (stats.abandoned, "abandoned"),
            (stats.late, "late"),
        ];
        let counted = counts.iter().filter(|(count, _)| *count > 0);
        counted
            .map(|(count, what)| format!("{count} {what}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Moves the paused clock within a sync body: `advance` does so in its first poll.
fn pass(time: Duration) {
    let advance = pin!(advance(time));
    let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
}

/// An outcome in a word.
fn word(outcome: &Result<(), ApiError>) -> &'static str {
    match outcome {
        Ok(()) => "ok",
        Err(ApiError::Open(_)) => "open",
        Err(ApiError::Late(_)) => "late",
        Err(_) => "down",
    }
}
