//! Outcomes of calls that were admitted before the circuit changed its state.

use std::time::Duration;

use resilience::{CircuitState, circuit_breaker};
use tokio::time::sleep;

use super::{ApiError, circuit, stats};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_late_failure_does_not_extend_the_open_time() {
    const NAME: &str = "late::failure";
    #[circuit_breaker(name = NAME, failure_threshold = 1, recovery_timeout = 10s)]
    async fn call(takes: Duration) -> Result<(), ApiError> {
        sleep(takes).await;
        Err(ApiError::Down)
    }
    let (first, second) = tokio::join!(call(SECOND), call(4 * SECOND));
    assert_eq!((first, second), (Err(ApiError::Down), Err(ApiError::Down)));
    let stats = stats(NAME);
    assert_eq!((stats.failures, stats.late, stats.opened), (1, 1, 1));
    assert_eq!(stats.retry_after, Some(7 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_late_outcome_of_any_kind_is_no_probe() {
    const NAME: &str = "late::no_probe";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 1,
        recovery_timeout = 1s,
        success_threshold = 1,
        ignore(ApiError::Status(404))
    )]
    async fn call(takes: Duration, outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        sleep(takes).await;
        outcome
    }
    let trip = call(SECOND, Err(ApiError::Down));
    let success = call(3 * SECOND, Ok(()));
    let failure = call(3 * SECOND, Err(ApiError::Down));
    let ignored = call(3 * SECOND, Err(ApiError::Status(404)));
    let probe = async {
        sleep(2 * SECOND).await;
        let probe = call(2 * SECOND, Ok(()));
        let watch = async {
            // The three are in by now, and the probe is not.
            sleep(Duration::from_millis(1_500)).await;
            let stats = stats(NAME);
            assert_eq!((stats.state, stats.late), (CircuitState::HalfOpen, 3));
            assert_eq!((stats.successes, stats.failures, stats.ignored), (0, 1, 0));
        };
        tokio::join!(probe, watch).0
    };
    let (_, success, failure, ignored, probe) =
        tokio::join!(trip, success, failure, ignored, probe);
    assert_eq!(
        (success, failure),
        (Ok(()), Err(ApiError::Down)),
        "each returns its own outcome"
    );
    assert_eq!((ignored, probe), (Err(ApiError::Status(404)), Ok(())));
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).successes),
        (CircuitState::Closed, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_at_a_reset_are_late() {
    const NAME: &str = "late::reset";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    async fn call(takes: Duration) -> Result<(), ApiError> {
        sleep(takes).await;
        Err(ApiError::Down)
    }
    let reset = async {
        sleep(SECOND).await;
        circuit(NAME).reset();
    };
    let (outcome, ()) = tokio::join!(call(2 * SECOND), reset);
    assert_eq!(outcome, Err(ApiError::Down));
    let stats = stats(NAME);
    assert_eq!(
        (stats.late, stats.failures, stats.state),
        (1, 0, CircuitState::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_call_that_is_cancelled_is_abandoned() {
    const NAME: &str = "late::cancelled";
    #[circuit_breaker(name = NAME)]
    async fn call() -> Result<(), ApiError> {
        std::future::pending().await
    }
    let task = tokio::spawn(call());
    tokio::task::yield_now().await;
    circuit(NAME).trip();
    task.abort();
    assert!(task.await.is_err());
    assert_eq!((stats(NAME).abandoned, stats(NAME).late), (1, 0));
}

#[test]
fn a_sync_call_that_isolates_its_own_circuit_is_late() {
    const NAME: &str = "late::sync";
    #[circuit_breaker(name = NAME)]
    fn call() -> Result<(), ApiError> {
        circuit(NAME).isolate();
        Ok(())
    }
    assert_eq!(call(), Ok(()));
    assert_eq!(
        (stats(NAME).late, stats(NAME).successes, stats(NAME).state),
        (1, 0, CircuitState::Open)
    );
}
