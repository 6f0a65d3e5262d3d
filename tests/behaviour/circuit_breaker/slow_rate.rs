//! `slow_rate`: the circuit opens when too large a share of the calls is slow.

use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, TransitionReason, circuit_breaker,
};
use tokio::time::{advance, sleep};

use super::{ApiError, circuit, stats};

const SECOND: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_secs(3);
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .slow_call(Duration::from_secs(2))
    .slow_rate(0.5)
    .minimum_calls(4);

/// Makes one call that takes so long and succeeds.
async fn succeed(breaker: &CircuitBreaker, time: Duration) {
    let permit = breaker.acquire().expect("closed");
    advance(time).await;
    permit.success();
}

#[tokio::test(start_paused = true)]
async fn it_opens_on_slow_calls_that_succeed() {
    const NAME: &str = "slow_rate::opens";
    #[circuit_breaker(name = NAME, slow_call = 2s, slow_rate = 0.5, minimum_calls = 4)]
    async fn call(time: Duration) -> Result<(), ApiError> {
        sleep(time).await;
        Ok(())
    }
    for (time, rate) in [
        (SECOND, None),
        (SLOW, None),
        (SECOND, None),
        (SECOND, Some(0.25)),
    ] {
        assert_eq!(call(time).await, Ok(()));
        assert_eq!(stats(NAME).slow_rate, rate);
    }
    assert_eq!(call(SLOW).await, Ok(()));
    assert_eq!(
        circuit(NAME).state(),
        CircuitState::Closed,
        "two of five are slow"
    );
    assert_eq!(
        call(SLOW).await,
        Ok(()),
        "the call that opens it gets its answer"
    );
    let stats = stats(NAME);
    assert_eq!(
        (stats.state, stats.slow_rate),
        (CircuitState::Open, Some(0.5))
    );
    assert_eq!(
        (stats.successes, stats.failures, stats.failure_count),
        (6, 0, 0)
    );
    let Err(ApiError::Open(open)) = call(SECOND).await else {
        panic!("refused")
    };
    assert_eq!(open.reason(), TransitionReason::SlowRate);
}

#[tokio::test(start_paused = true)]
async fn it_stands_beside_every_criterion_of_failures() {
    for (config, reason) in [
        (CONFIG.failure_threshold(2), TransitionReason::Failures),
        (CONFIG.failure_rate(0.4), TransitionReason::Rate),
        (
            CONFIG.consecutive_failures(2),
            TransitionReason::Consecutive,
        ),
    ] {
        for window in [config, config.window_calls(10)] {
            let breaker = CircuitBreaker::new("slow_rate::beside", window);
            for _ in 0..3 {
                succeed(&breaker, SECOND).await;
            }
            for _ in 0..2 {
                breaker.acquire().expect("closed").failure();
            }
            let refused = breaker.acquire().expect_err("the failures open it");
            assert_eq!(refused.reason(), reason);
            breaker.reset();
            for _ in 0..4 {
                succeed(&breaker, SLOW).await;
            }
            let refused = breaker.acquire().expect_err("the slow calls open it");
            assert_eq!(refused.reason(), TransitionReason::SlowRate);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn slow_calls_leave_the_window_with_the_time_or_with_the_calls() {
    let by_time = CircuitBreaker::new("slow_rate::time", CONFIG);
    for _ in 0..3 {
        succeed(&by_time, SLOW).await;
    }
    advance(Duration::from_secs(60)).await;
    succeed(&by_time, SLOW).await;
    assert_eq!(by_time.state(), CircuitState::Closed);

    let config = CONFIG.minimum_calls(3).window_calls(3).slow_rate(1.0);
    let by_calls = CircuitBreaker::new("slow_rate::calls", config);
    for time in [SLOW, SLOW, SECOND, SLOW, SLOW] {
        succeed(&by_calls, time).await;
        advance(Duration::from_secs(86_400)).await;
    }
    assert_eq!(by_calls.stats().slow_rate, Some(2.0 / 3.0));
    succeed(&by_calls, SLOW).await;
    assert_eq!(by_calls.state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_that_fails_is_a_failure_and_slow() {
    let breaker = CircuitBreaker::new("slow_rate::both", CONFIG.failure_threshold(4));
    for _ in 0..4 {
        let permit = breaker.acquire().expect("closed");
        advance(SLOW).await;
        permit.failure();
    }
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.slow_rate), (4, Some(1.0)));
    let refused = breaker.acquire().expect_err("open");
    assert_eq!(
        refused.reason(),
        TransitionReason::Failures,
        "the criterion of failures comes first"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_that_is_ignored_counts_as_nothing() {
    let breaker = CircuitBreaker::new("slow_rate::ignored", CONFIG.minimum_calls(1));
    let permit = breaker.acquire().expect("closed");
    advance(SLOW).await;
    permit.ignore();
    assert_eq!(breaker.state(), CircuitState::Closed);
    let stats = breaker.stats();
    assert_eq!((stats.ignored, stats.slow_rate), (1, None));
}

#[tokio::test(start_paused = true)]
async fn a_slow_probe_that_succeeds_helps_to_close() {
    let config = CONFIG.success_threshold(2);
    let breaker = CircuitBreaker::new("slow_rate::probe", config);
    breaker.trip();
    advance(Duration::from_secs(30)).await;
    for _ in 0..2 {
        succeed(&breaker, SLOW).await;
    }
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.slow_rate),
        (CircuitState::Closed, None),
        "the window is empty"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_slow_rate_a_slow_call_is_a_failure_as_before() {
    let config = CircuitBreakerConfig::new()
        .slow_call(Duration::from_secs(2))
        .failure_threshold(1);
    let breaker = CircuitBreaker::new("slow_rate::without", config);
    succeed(&breaker, SLOW).await;
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.failures), (CircuitState::Open, 1));
    assert_eq!(stats.slow_rate, None);
}

#[tokio::test(start_paused = true)]
async fn beside_failures_in_a_row_its_window_is_the_failure_window() {
    const NAME: &str = "slow_rate::row";
    #[circuit_breaker(
        name = NAME,
        consecutive_failures = 5,
        slow_call = 2s,
        slow_rate = 1.0,
        minimum_calls = 2,
        failure_window = 24s
    )]
    async fn call() -> Result<(), ApiError> {
        sleep(SLOW).await;
        Ok(())
    }
    assert_eq!(call().await, Ok(()));
    advance(24 * SECOND).await;
    assert_eq!(call().await, Ok(()));
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
    assert_eq!(call().await, Ok(()));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}
