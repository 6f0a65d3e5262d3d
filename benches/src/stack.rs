//! All three attributes, and the same three policies by other means.

use std::{hint::black_box, sync::LazyLock};

use backon::{ExponentialBuilder, Retryable};
use recloser::{AsyncRecloser, Recloser};
use resilience::{circuit_breaker, retry, timeout};
use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};
use tower_resilience_retry::RetryLayer;
use tower_resilience_timelimiter::{TimeLimiterError, TimeLimiterLayer};

use crate::{
    Contender, Goal, Scenario,
    contender::request,
    subject::{Error, Failed, LONG, answer, answer_later},
};

/// The stack around a body that is ready.
///
/// # Errors
/// None, because the body succeeds.
#[retry]
#[circuit_breaker(name = "bench::stack")]
#[timeout(LONG)]
pub async fn ours(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// The body without the stack.
///
/// # Errors
/// None, because the body succeeds.
#[expect(clippy::unused_async, reason = "its future is measured")]
pub async fn plain(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// The stack around a body that waits.
///
/// # Errors
/// None, because the body succeeds.
#[retry]
#[circuit_breaker(name = "bench::stack_later")]
#[timeout(LONG)]
pub async fn ours_later(n: u64) -> Result<u64, Error> {
    answer_later(n).await
}

/// The error type that people write to use three crates together.
#[derive(Debug)]
pub enum ByHand {
    /// The error of the body.
    Failed,
    /// The error of the circuit breaker.
    Open,
    /// The error of the timeout.
    Late,
}

impl From<Failed> for ByHand {
    fn from(Failed: Failed) -> Self {
        Self::Failed
    }
}

static BREAKER: LazyLock<AsyncRecloser> = LazyLock::new(|| Recloser::custom().build().into());

/// The three layers by hand: backon around recloser around tokio's timeout.
///
/// # Errors
/// None, because the body succeeds.
pub async fn by_hand(n: u64) -> Result<u64, ByHand> {
    let attempt = async || {
        let timed = async {
            match tokio::time::timeout(LONG, async { answer(n) }).await {
                Ok(outcome) => outcome,
                Err(_) => Err(ByHand::Late),
            }
        };
        BREAKER.call(timed).await.map_err(|error| match error {
            recloser::Error::Inner(error) => error,
            recloser::Error::Rejected => ByHand::Open,
        })
    };
    attempt
        .retry(ExponentialBuilder::default().with_jitter())
        .when(|error| !matches!(error, ByHand::Open))
        .await
}

type TowerError = CircuitBreakerError<TimeLimiterError<Failed>>;

/// The three layers of tower-resilience.
///
/// # Panics
/// Never, because the configuration is valid.
pub fn tower() -> impl Service<u64, Response = u64, Error = TowerError> {
    let breaker = CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .build()
        .expect("a configuration");
    ServiceBuilder::new()
        .layer(
            RetryLayer::<u64, u64, TowerError>::builder()
                .max_attempts(4)
                .build(),
        )
        .layer(breaker)
        .layer(TimeLimiterLayer::builder().timeout_duration(LONG).build())
        .service(service_fn(async |n| answer::<Failed>(n)))
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut service = tower();
    vec![Scenario::new(
        "the stack of three, ready body",
        [
            Contender::awaited("ours", || ours(black_box(1))),
            Contender::awaited("plain", || plain(black_box(1))),
            Contender::awaited("by hand", || by_hand(black_box(1))),
            Contender::awaited("tower-resilience", move || {
                request(&mut service, black_box(1))
            }),
        ],
        [Goal::Of("by hand", 0.4), Goal::Of("tower-resilience", 0.08)],
    )]
}
