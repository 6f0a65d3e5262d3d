//! For how long a circuit is open: `recovery_multiplier`, `max_recovery_timeout`, `recovery_jitter`
//! and `recovery_hint`.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, circuit_breaker};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

const SECOND: Duration = Duration::from_secs(1);
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1)
    .recovery_timeout(Duration::from_secs(10));

/// Fails one call and returns the open time that begins with it.
fn fail(breaker: &CircuitBreaker) -> Duration {
    breaker.acquire().expect("admitted").failure();
    breaker.stats().retry_after.expect("open")
}

#[tokio::test(start_paused = true)]
async fn each_opening_from_half_open_multiplies_up_to_the_longest_and_closing_begins_anew() {
    const NAME: &str = "open_time::grows";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 1,
        success_threshold = 1,
        recovery_timeout = 10s,
        recovery_multiplier = 2.0,
        max_recovery_timeout = 1m,
    )]
    async fn call(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
        outcome
    }
    for _ in 0..2 {
        for seconds in [10, 20, 40, 60, 60] {
            assert_eq!(call(Err(ApiError::Down)).await, Err(ApiError::Down));
            assert_eq!(stats(NAME).retry_after, Some(SECOND * seconds));
            advance(SECOND * (seconds - 1)).await;
            assert_eq!(circuit(NAME).state(), CircuitState::Open);
            advance(SECOND).await;
            assert_eq!(circuit(NAME).state(), CircuitState::HalfOpen);
        }
        assert_eq!(call(Ok(())).await, Ok(()));
        assert_eq!(circuit(NAME).state(), CircuitState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_begins_anew_and_a_command_keeps_the_growth() {
    let breaker = CircuitBreaker::new("open_time::commands", CONFIG.recovery_multiplier(3.0));
    assert_eq!(fail(&breaker), SECOND * 10);
    advance(SECOND * 10).await;
    assert_eq!(fail(&breaker), SECOND * 30);
    // An open circuit that is tripped starts its time anew, and does not grow by it.
    advance(SECOND * 5).await;
    breaker.trip();
    assert_eq!(breaker.stats().retry_after, Some(SECOND * 30));
    breaker.isolate();
    breaker.trip();
    assert_eq!(breaker.stats().retry_after, Some(SECOND * 30));
    breaker.reset();
    assert_eq!(fail(&breaker), SECOND * 10);
}

#[tokio::test(start_paused = true)]
async fn a_computed_timeout_above_its_computed_cap_is_capped() {
    const NAME: &str = "open_time::capped";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 1,
        recovery_timeout = timeout,
        max_recovery_timeout = longest,
    )]
    fn call(timeout: Duration, longest: Duration) -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(call(SECOND * 60, SECOND * 7), Err(ApiError::Down));
    assert_eq!(stats(NAME).retry_after, Some(SECOND * 7));
}

#[tokio::test(start_paused = true)]
async fn jitter_adds_up_to_its_share_and_differs_from_circuit_to_circuit() {
    let config = CONFIG
        .recovery_jitter(0.5)
        .recovery_multiplier(10.0)
        .max_recovery_timeout(SECOND * 60);
    let mut waits = Vec::new();
    for _ in 0..64 {
        let breaker = CircuitBreaker::new("open_time::jitter", config);
        let first = fail(&breaker);
        assert!(first >= SECOND * 10 && first <= SECOND * 15, "{first:?}");
        advance(first).await;
        let longest = fail(&breaker);
        assert!(
            longest >= SECOND * 60 && longest <= SECOND * 90,
            "{longest:?}"
        );
        waits.extend([first, longest]);
    }
    waits.sort_unstable();
    waits.dedup();
    // Two of 128 that are the same to the nanosecond are less likely than one in ten thousand, so
    // ten of them never are.
    assert!(waits.len() > 118, "{waits:?}");
}

impl ApiError {
    /// A status of 1000 and more is a time in seconds.
    fn recovery_hint(&self) -> Option<Duration> {
        match self {
            Self::Status(status) if *status >= 1_000 => Some(SECOND * u32::from(*status - 1_000)),
            _ => None,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_that_opens_the_circuit_says_for_how_long_within_the_limits() {
    const NAME: &str = "open_time::hint";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 1,
        recovery_timeout = 10s,
        max_recovery_timeout = 1m,
        recovery_hint = ApiError::recovery_hint,
    )]
    async fn call(error: ApiError) -> Result<(), ApiError> {
        Err(error)
    }
    for (hint, expected) in [(0, 10), (9, 10), (11, 11), (59, 59), (61, 60), (60_000, 60)] {
        let error = ApiError::Status(1_000 + hint);
        assert_eq!(call(error.clone()).await, Err(error));
        assert_eq!(stats(NAME).retry_after, Some(SECOND * expected), "{hint}");
        circuit(NAME).reset();
    }
    assert_eq!(call(ApiError::Down).await, Err(ApiError::Down));
    assert_eq!(stats(NAME).retry_after, Some(SECOND * 10), "without a hint");
}

#[tokio::test(start_paused = true)]
async fn a_hint_of_centuries_is_limited_and_each_failure_is_asked_and_nothing_else() {
    const NAME: &str = "open_time::asked";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 2,
        recovery_jitter = 0.0,
        ignore(ApiError::Status(404)),
        failure_if_ok = |number| *number == 0,
        recovery_hint = |_| { asked.set(asked.get() + 1); Some(Duration::MAX) },
    )]
    fn call(asked: &Cell<u32>, outcome: Result<u32, ApiError>) -> Result<u32, ApiError> {
        outcome
    }
    let asked = Cell::new(0);
    for (outcome, expected) in [
        (Ok(1), 0),
        (Err(ApiError::Status(404)), 0),
        (Ok(0), 0),
        (Err(ApiError::Down), 1),
    ] {
        assert_eq!(call(&asked, outcome.clone()), outcome);
        assert_eq!(asked.get(), expected);
    }
    let ten_minutes = Some(SECOND * 600);
    assert_eq!(stats(NAME).retry_after, ten_minutes, "the default limit");
    assert!(call(&asked, Ok(1)).unwrap_err().is_refusal());
    assert_eq!(asked.get(), 1, "a refusal is not asked");
}

#[tokio::test(start_paused = true)]
async fn a_hint_goes_to_an_existing_breaker_too() {
    let breaker = CircuitBreaker::new("open_time::breaker", CONFIG);
    #[circuit_breaker(breaker = breaker, recovery_hint = |_| Some(SECOND * 25))]
    async fn call(breaker: &CircuitBreaker) -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(call(&breaker).await, Err(ApiError::Down));
    assert_eq!(breaker.stats().retry_after, Some(SECOND * 25));
}

#[test]
fn a_hint_that_panics_is_a_failed_call() {
    const NAME: &str = "open_time::panics";
    #[circuit_breaker(
        name = NAME,
        failure_threshold = 2,
        recovery_hint = |_| resume_unwind(Box::new("expected")),
    )]
    fn call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    let stats = stats(NAME);
    assert_eq!((stats.failures, stats.state), (1, CircuitState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_may_hint_and_the_growth_goes_on_without_it() {
    let breaker = CircuitBreaker::new("open_time::probe", CONFIG.recovery_multiplier(2.0));
    assert_eq!(fail(&breaker), SECOND * 10);
    advance(SECOND * 10).await;
    let probe = breaker.acquire().expect("a probe");
    probe.failure_with(&"busy", Some(SECOND * 15));
    assert_eq!(breaker.stats().retry_after, Some(SECOND * 15));
    advance(SECOND * 15).await;
    assert_eq!(
        fail(&breaker),
        SECOND * 40,
        "the second opening from half-open"
    );
}
