//! `trip`, `isolate` and `reset`, by handle and by name.

use std::time::Duration;

use resilience::{CircuitState, Command, circuit_breaker, registry};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

const RECOVERY: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn a_tripped_circuit_recovers_as_usual() {
    const NAME: &str = "control::trip";
    #[circuit_breaker(name = NAME, recovery_timeout = RECOVERY, success_threshold = 1)]
    async fn call() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(call().await, Ok(()));
    let by_name = || assert!(registry::trip(NAME));
    let by_handle = || circuit(NAME).trip();
    for trip in [&by_name as &dyn Fn(), &by_handle] {
        trip();
        let Err(ApiError::Open(open)) = call().await else {
            panic!("refused")
        };
        assert_eq!(open.retry_after(), Some(RECOVERY));
        advance(RECOVERY).await;
        assert_eq!(call().await, Ok(()));
        assert_eq!(circuit(NAME).state(), CircuitState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn tripping_an_open_circuit_starts_its_timeout_anew() {
    const NAME: &str = "control::trip_again";
    #[circuit_breaker(name = NAME, recovery_timeout = RECOVERY)]
    fn call() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(call(), Ok(()));
    circuit(NAME).trip();
    advance(Duration::from_secs(6)).await;
    circuit(NAME).trip();
    assert_eq!(
        (stats(NAME).retry_after, stats(NAME).opened),
        (Some(RECOVERY), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn an_isolated_circuit_is_open_until_told_otherwise() {
    const NAME: &str = "control::isolate";
    #[circuit_breaker(name = NAME, recovery_timeout = RECOVERY)]
    async fn call() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(call().await, Ok(()));
    let by_name = || assert!(registry::isolate(NAME));
    let by_handle = || circuit(NAME).isolate();
    for isolate in [&by_name as &dyn Fn(), &by_handle] {
        isolate();
        advance(1_000 * RECOVERY).await;
        let Err(ApiError::Open(open)) = call().await else {
            panic!("refused")
        };
        assert_eq!(
            (open.retry_after(), circuit(NAME).state()),
            (None, CircuitState::Open)
        );
        circuit(NAME).reset();
        assert_eq!(call().await, Ok(()));
    }
    // Tripped, it is open in the usual way.
    circuit(NAME).isolate();
    circuit(NAME).trip();
    assert_eq!(stats(NAME).retry_after, Some(RECOVERY));
}

#[tokio::test(start_paused = true)]
async fn a_reset_closes_and_empties_the_window() {
    const NAME: &str = "control::reset";
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    fn call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    let by_name = || assert!(registry::reset(NAME));
    let by_handle = || circuit(NAME).reset();
    for (round, reset) in [(0, &by_name as &dyn Fn()), (1, &by_handle)] {
        assert_eq!([call(), call()], [Err(ApiError::Down), Err(ApiError::Down)]);
        assert_eq!(circuit(NAME).state(), CircuitState::Open);
        reset();
        assert_eq!(
            (circuit(NAME).state(), stats(NAME).failure_count),
            (CircuitState::Closed, 0)
        );
        // A closed one forgets its failures as well.
        assert_eq!(call(), Err(ApiError::Down));
        reset();
        assert_eq!(
            (stats(NAME).failure_count, stats(NAME).failures),
            (0, 3 * (round + 1)),
            "statistics go on"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_open_circuit_obeys_too() {
    const NAME: &str = "control::half_open";
    #[circuit_breaker(name = NAME, recovery_timeout = RECOVERY)]
    fn call() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!(call(), Ok(()));
    let half_open = async || {
        circuit(NAME).trip();
        advance(RECOVERY).await;
        assert_eq!(call(), Ok(()));
        assert_eq!(circuit(NAME).state(), CircuitState::HalfOpen);
    };
    half_open().await;
    circuit(NAME).trip();
    assert_eq!(stats(NAME).retry_after, Some(RECOVERY));
    half_open().await;
    circuit(NAME).isolate();
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).retry_after),
        (CircuitState::Open, None)
    );
    half_open().await;
    circuit(NAME).reset();
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
}

#[test]
fn a_name_that_no_circuit_has_is_told_and_creates_nothing() {
    let name = "control::unknown";
    let commands = [
        registry::trip,
        registry::isolate,
        registry::reset,
        registry::allow,
    ];
    for command in commands {
        assert!(!command(name));
    }
    let commands = [
        registry::trip_with,
        registry::isolate_with,
        registry::reset_with,
        registry::allow_with,
    ];
    for command in commands {
        assert!(!command(name, Command::new("it is down")));
    }
    assert!(registry::get(name).is_none());
    assert!(registry::history(name).is_empty());
}
