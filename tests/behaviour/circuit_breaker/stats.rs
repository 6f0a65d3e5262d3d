//! The statistics, field by field.

use std::future::pending;
use std::time::Duration;

use resilience::{CircuitBreakerStats, CircuitState, circuit_breaker};
use tokio::time::{advance, timeout};

use super::{ApiError, stats};

#[tokio::test(start_paused = true)]
async fn every_field_tells_its_part_of_the_story() {
    const NAME: &str = "stats::story";
    const DECLARED: u32 = line!() + 1;
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 2,
        recovery_timeout = 10s,
        success_threshold = 1,
        ignore(ApiError::Status(404)),
    )]
    async fn call(outcome: Option<Result<(), ApiError>>) -> Result<(), ApiError> {
        match outcome {
            Some(outcome) => outcome,
            None => pending().await,
        }
    }
    let _ = call(Some(Ok(()))).await;
    let _ = call(Some(Err(ApiError::Status(404)))).await;
    let _ = call(Some(Err(ApiError::Down))).await;
    let _ = timeout(Duration::from_secs(3), call(None)).await;
    let closed = stats(NAME);
    assert_eq!(closed.name, NAME);
    assert_eq!(closed.state, CircuitState::Closed);
    assert_eq!(
        (
            closed.failure_count,
            closed.failure_threshold,
            closed.failure_rate
        ),
        (1, Some(2), None)
    );
    assert_eq!(
        (closed.successes, closed.failures, closed.ignored),
        (1, 1, 1)
    );
    assert_eq!((closed.refused, closed.abandoned, closed.late), (0, 1, 0));
    assert_eq!(
        (closed.opened, closed.half_opened, closed.closed),
        (0, 0, 0)
    );
    assert_eq!(
        (closed.time_in_state, closed.retry_after),
        (Duration::from_secs(3), None)
    );
    let declared = closed.declared_at;
    assert_eq!((declared.file(), declared.line()), (file!(), DECLARED));

    let _ = call(Some(Err(ApiError::Down))).await;
    let _ = call(Some(Ok(()))).await;
    advance(Duration::from_secs(4)).await;
    let open = stats(NAME);
    assert_eq!(open.state, CircuitState::Open);
    assert_eq!(
        (open.failure_count, open.failures, open.refused, open.opened),
        (2, 2, 1, 1)
    );
    assert_eq!(
        (open.time_in_state, open.retry_after),
        (Duration::from_secs(4), Some(Duration::from_secs(6)))
    );
    assert_eq!((open.successes, open.ignored, open.abandoned), (1, 1, 1));

    // The circuit reads half-open as soon as the next call would probe, and not only after that
    // call.
    advance(Duration::from_secs(8)).await;
    let ripe = stats(NAME);
    assert_eq!((ripe.state, ripe.half_opened), (CircuitState::HalfOpen, 0));
    assert_eq!(
        (ripe.time_in_state, ripe.retry_after),
        (Duration::from_secs(2), None)
    );

    let _ = call(Some(Ok(()))).await;
    advance(Duration::from_secs(1)).await;
    let closed = stats(NAME);
    assert_eq!(
        (closed.state, closed.failure_count, closed.retry_after),
        (CircuitState::Closed, 0, None)
    );
    assert_eq!(
        (closed.opened, closed.half_opened, closed.closed),
        (1, 1, 1)
    );
    assert_eq!((closed.successes, closed.failures), (2, 2));
    assert_eq!(closed.time_in_state, Duration::from_secs(1));
}

#[test]
fn in_rate_mode_there_is_a_rate_and_no_threshold() {
    const NAME: &str = "stats::rate";
    #[circuit_breaker(name = NAME, failure_rate = 0.9, minimum_calls = 4)]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for outcome in [Ok(()), Err(ApiError::Down), Ok(())] {
        assert_eq!(call(outcome.clone()), outcome);
    }
    assert_eq!(
        (stats(NAME).failure_threshold, stats(NAME).failure_rate),
        (None, None)
    );
    assert_eq!(call(Ok(())), Ok(()));
    assert_eq!(
        (stats(NAME).failure_count, stats(NAME).failure_rate),
        (1, Some(0.25))
    );
}

#[test]
fn they_are_a_snapshot_and_readable_from_within_a_call() {
    const NAME: &str = "stats::within";
    #[circuit_breaker(name = NAME)]
    fn call() -> Result<CircuitBreakerStats, ApiError> {
        Ok(stats(NAME))
    }
    let within = call().expect("closed");
    assert_eq!(
        (within.successes, stats(NAME).successes),
        (0, 1),
        "a call counts when it has ended"
    );
}

#[tokio::test(start_paused = true)]
async fn a_threshold_counts_at_most_that_many_failures() {
    const NAME: &str = "stats::at_most";
    #[circuit_breaker(name = NAME, failure_threshold = 2, recovery_timeout = 1s)]
    fn call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    for _ in 0..4 {
        assert_eq!(call(), Err(ApiError::Down));
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!((stats(NAME).failures, stats(NAME).failure_count), (4, 2));
}
