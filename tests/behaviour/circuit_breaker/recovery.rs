//! From open through half-open to closed, or back.

use std::time::Duration;

use resilience::{CircuitState, circuit_breaker};
use tokio::time::{advance, sleep};

use super::{ApiError, circuit, stats};

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Result<(), ApiError> = Err(ApiError::Down);

#[tokio::test(start_paused = true)]
async fn after_recovery_timeout_the_next_call_probes() {
    const NAME: &str = "recovery::probes";
    #[circuit_breaker(name = NAME, failure_threshold = 1, recovery_timeout = 10s)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    assert_eq!(call(DOWN).await, DOWN);
    advance(Duration::from_millis(9_999)).await;
    let Err(ApiError::Open(open)) = call(Ok(())).await else {
        panic!("refused")
    };
    assert_eq!(open.retry_after(), Some(Duration::from_millis(1)));
    // At exactly the timeout it is over. The state says so before any call does.
    advance(Duration::from_millis(1)).await;
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).retry_after),
        (CircuitState::HalfOpen, None)
    );
    assert_eq!(call(Ok(())).await, Ok(()));
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).half_opened),
        (CircuitState::HalfOpen, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_circuit_recovers_in_virtual_time_too() {
    const NAME: &str = "recovery::sync";
    #[circuit_breaker(name = NAME, failure_threshold = 1)]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    assert_eq!(call(DOWN), DOWN);
    advance(Duration::from_millis(29_999)).await;
    assert!(call(Ok(())).unwrap_err().is_refusal());
    advance(Duration::from_millis(1)).await;
    assert_eq!(call(Ok(())), Ok(()));
    assert_eq!(
        circuit(NAME).state(),
        CircuitState::HalfOpen,
        "two successes close it by default"
    );
    assert_eq!(call(Ok(())), Ok(()));
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn success_threshold_probes_in_a_row_close_it() {
    const NAME: &str = "recovery::row";
    #[circuit_breaker(name = NAME, failure_threshold = 1, recovery_timeout = 1s, success_threshold = 3)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    assert_eq!(call(DOWN).await, DOWN);
    advance(SECOND).await;
    for outcome in [Ok(()), Ok(()), DOWN] {
        assert_eq!(call(outcome.clone()).await, outcome);
    }
    assert_eq!(
        circuit(NAME).state(),
        CircuitState::Open,
        "one failure opens again"
    );
    advance(SECOND).await;
    // The two successes from before are forgotten.
    for after in [
        CircuitState::HalfOpen,
        CircuitState::HalfOpen,
        CircuitState::Closed,
    ] {
        assert_eq!(call(Ok(())).await, Ok(()));
        assert_eq!(circuit(NAME).state(), after);
    }
    assert_eq!(
        (
            stats(NAME).opened,
            stats(NAME).half_opened,
            stats(NAME).closed
        ),
        (2, 2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_starts_the_timeout_anew() {
    const NAME: &str = "recovery::anew";
    #[circuit_breaker(name = NAME, failure_threshold = 1, recovery_timeout = 10s)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        sleep(SECOND).await;
        outcome
    }
    assert_eq!(call(DOWN).await, DOWN);
    advance(Duration::from_secs(25)).await;
    assert_eq!(call(DOWN).await, DOWN);
    // From the end of the probe, not from its beginning or from the first opening.
    assert_eq!(stats(NAME).retry_after, Some(Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn closing_empties_the_window() {
    const NAME: &str = "recovery::empties";
    #[circuit_breaker(name = NAME, failure_threshold = 2, recovery_timeout = 1s, success_threshold = 1)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for outcome in [DOWN, DOWN] {
        assert_eq!(call(outcome.clone()).await, outcome);
    }
    advance(SECOND).await;
    assert_eq!(call(Ok(())).await, Ok(()));
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).failure_count),
        (CircuitState::Closed, 0)
    );
    assert_eq!(call(DOWN).await, DOWN);
    assert_eq!(
        circuit(NAME).state(),
        CircuitState::Closed,
        "the failures of before are not added"
    );
}

#[tokio::test(start_paused = true)]
async fn by_default_one_probe_runs_at_a_time() {
    const NAME: &str = "recovery::one_probe";
    #[circuit_breaker(name = NAME, recovery_timeout = 10s)]
    async fn call(takes: Duration) -> Result<(), ApiError> {
        sleep(takes).await;
        Ok(())
    }
    assert_eq!(call(Duration::ZERO).await, Ok(()));
    circuit(NAME).trip();
    advance(Duration::from_secs(10)).await;
    let (probe, second, third) = tokio::join!(call(4 * SECOND), call(SECOND), async {
        sleep(5 * SECOND).await;
        call(SECOND).await
    });
    assert_eq!(probe, Ok(()));
    let Err(ApiError::Open(open)) = second else {
        panic!("refused")
    };
    assert_eq!(
        open.retry_after(),
        Some(Duration::ZERO),
        "a slot is free as soon as a probe ends"
    );
    assert_eq!(third, Ok(()), "the slot is free again");
    assert_eq!(
        (stats(NAME).refused, circuit(NAME).state()),
        (1, CircuitState::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn half_open_max_calls_probes_run_at_a_time() {
    const NAME: &str = "recovery::three_probes";
    #[circuit_breaker(name = NAME, recovery_timeout = 10s, half_open_max_calls = 3, success_threshold = 3)]
    async fn call() -> Result<(), ApiError> {
        sleep(SECOND).await;
        Ok(())
    }
    assert_eq!(call().await, Ok(()));
    circuit(NAME).trip();
    advance(Duration::from_secs(10)).await;
    let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
    assert_eq!((one, two, three), (Ok(()), Ok(()), Ok(())));
    assert!(four.unwrap_err().is_refusal());
    assert_eq!(
        (stats(NAME).refused, circuit(NAME).state()),
        (1, CircuitState::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_never_ends_keeps_its_slot_for_recovery_timeout() {
    const NAME: &str = "recovery::reclaimed";
    #[circuit_breaker(name = NAME, recovery_timeout = 10s, success_threshold = 1)]
    async fn call(takes: Duration) -> Result<(), ApiError> {
        sleep(takes).await;
        Ok(())
    }
    assert_eq!(call(Duration::ZERO).await, Ok(()));
    circuit(NAME).trip();
    advance(Duration::from_secs(10)).await;
    let stuck = call(Duration::MAX);
    let later = async {
        sleep(Duration::from_millis(9_999)).await;
        assert!(call(Duration::ZERO).await.unwrap_err().is_refusal());
        sleep(Duration::from_millis(1)).await;
        call(Duration::ZERO).await
    };
    tokio::select! {
        biased;
        _ = stuck => unreachable!("it never ends"),
        probe = later => assert_eq!(probe, Ok(())),
    }
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_ignored_probe_gives_its_slot_back_and_decides_nothing() {
    const NAME: &str = "recovery::ignored";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 1,
        recovery_timeout = 1s,
        success_threshold = 1,
        ignore(ApiError::Status(404))
    )]
    fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    assert_eq!(call(DOWN), DOWN);
    advance(SECOND).await;
    for _ in 0..3 {
        assert_eq!(call(Err(ApiError::Status(404))), Err(ApiError::Status(404)));
        assert_eq!(circuit(NAME).state(), CircuitState::HalfOpen);
    }
    assert_eq!(call(Ok(())), Ok(()));
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).ignored),
        (CircuitState::Closed, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_without_end_stays_open() {
    #[circuit_breaker(name = "recovery::never", failure_threshold = 1, recovery_timeout = Duration::MAX)]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    assert_eq!(call(DOWN).await, DOWN);
    advance(Duration::from_secs(3_600 * 24 * 365)).await;
    let Err(ApiError::Open(open)) = call(Ok(())).await else {
        panic!("refused")
    };
    assert_eq!(open.retry_after(), Some(Duration::MAX));
}
