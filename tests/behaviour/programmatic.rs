//! The policies without an attribute, for closures and for code one does not own.

use std::cell::Cell;
use std::error::Error;
use std::future::pending;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState, Jitter, Permit, RetryConfig,
    RetryEvent, Strategy, TimedOut, TimeoutConfig, registry, retry,
};
use tokio::time::{Instant, advance, sleep};

use crate::api_error::ApiError;

const SECOND: Duration = Duration::from_secs(1);
const EXACT: RetryConfig = RetryConfig::new().jitter(Jitter::None);
const FRAGILE: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1);

fn fail(calls: &Cell<u32>) -> Result<(), ApiError> {
    calls.set(calls.get() + 1);
    Err(ApiError::Status(calls.get()))
}

#[test]
fn a_closure_is_retried() {
    let calls = Cell::new(0);
    let config = EXACT.base_delay(Duration::ZERO).max_retries(4);
    assert_eq!(config.run(|| fail(&calls)), Err(ApiError::Status(5)));
    assert_eq!(
        config.run(|| fail(&calls).or(Ok::<_, ApiError>(()))),
        Ok(())
    );
    assert_eq!(calls.get(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_async_closure_is_retried_in_virtual_time() {
    let (calls, start) = (Cell::new(0), Instant::now());
    let outcome = EXACT
        .max_retries(2)
        .run_async(|| async { fail(&calls) })
        .await;
    assert_eq!(
        (outcome, calls.get(), start.elapsed()),
        (Err(ApiError::Status(3)), 3, 3 * SECOND)
    );
    let outcome = EXACT
        .strategy(Strategy::Constant)
        .run_async(async || fail(&calls))
        .await;
    assert_eq!(
        (outcome, start.elapsed()),
        (Err(ApiError::Status(7)), 6 * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_retried_before_the_first_poll_and_nothing_more_after_the_drop() {
    let calls = Cell::new(0);
    drop(EXACT.run_async(|| async { fail(&calls) }));
    assert_eq!(calls.get(), 0);
    let half_way = EXACT.run_async(|| async { fail(&calls) });
    assert!(tokio::time::timeout(2 * SECOND, half_way).await.is_err());
    advance(100 * SECOND).await;
    assert_eq!(calls.get(), 2);
}

#[test]
fn the_delays_are_known_without_jitter() {
    let delays = |config: RetryConfig| [1, 2, 3, 4].map(|attempt| config.delay(attempt).as_secs());
    assert_eq!(delays(RetryConfig::new()), [1, 2, 4, 8]);
    assert_eq!(
        delays(RetryConfig::new().strategy(Strategy::Linear)),
        [1, 2, 3, 4]
    );
    assert_eq!(
        delays(RetryConfig::new().strategy(Strategy::Constant)),
        [1, 1, 1, 1]
    );
    assert_eq!(
        delays(RetryConfig::new().multiplier(3.0).max_delay(10 * SECOND)),
        [1, 3, 9, 10]
    );
    assert_eq!(
        RetryConfig::new().delay(u32::MAX),
        Duration::from_secs(60),
        "it saturates"
    );
}

#[tokio::test(start_paused = true)]
async fn a_future_is_timed() {
    let config = TimeoutConfig::new(SECOND).operation("db_query");
    let answered: Result<_, TimedOut> = config.run_async(async { 7 }).await;
    assert_eq!(answered.ok(), Some(7));
    let start = Instant::now();
    let late: Result<(), TimedOut> = config.run_async(pending()).await;
    let late = late.unwrap_err();
    assert_eq!(
        (late.operation(), late.limit(), start.elapsed()),
        ("db_query", SECOND, SECOND)
    );
    let late = config
        .message("Database query took too long")
        .run_async(pending::<()>())
        .await
        .unwrap_err();
    assert_eq!(late.to_string(), "Database query took too long");
}

#[test]
fn a_call_passes_the_breaker() {
    let (breaker, calls) = (CircuitBreaker::new("db", FRAGILE), Cell::new(0));
    assert_eq!(breaker.call(|| Ok::<_, ApiError>(7)), Ok(7));
    assert_eq!(breaker.call(|| fail(&calls)), Err(ApiError::Status(1)));
    let Err(ApiError::Open(open)) = breaker.call(|| fail(&calls)) else {
        panic!("refused")
    };
    assert_eq!((open.name(), calls.get()), ("db", 1));
    assert_eq!(
        (
            breaker.stats().successes,
            breaker.stats().failures,
            breaker.stats().refused
        ),
        (1, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_future_passes_the_breaker_and_recovers() {
    let (breaker, calls) = (CircuitBreaker::new("db", FRAGILE), Cell::new(0));
    assert_eq!(
        breaker.call_async(async { fail(&calls) }).await,
        Err(ApiError::Status(1))
    );
    let Err(ApiError::Open(open)) = breaker.call_async(async { fail(&calls) }).await else {
        panic!("refused")
    };
    assert_eq!((open.retry_after(), calls.get()), (Some(30 * SECOND), 1));
    advance(30 * SECOND).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert!(
        tokio::time::timeout(
            SECOND,
            breaker.call_async(pending::<Result<(), ApiError>>())
        )
        .await
        .is_err()
    );
    assert_eq!(
        breaker.call_async(async { Ok::<_, ApiError>(7) }).await,
        Ok(7)
    );
    assert_eq!(
        (breaker.state(), breaker.stats().abandoned),
        (CircuitState::Closed, 1)
    );
}

#[test]
fn a_permit_takes_its_outcome_when_it_comes() -> Result<(), CircuitOpen> {
    /// The outcome is known elsewhere, so the permit goes there.
    struct Job<'c>(Permit<'c>);
    let breaker = CircuitBreaker::new("queue", CircuitBreakerConfig::new());
    let jobs = [
        Job(breaker.acquire()?),
        Job(breaker.acquire()?),
        Job(breaker.acquire()?),
        Job(breaker.acquire()?),
    ];
    let [done, failed, irrelevant, lost] = jobs;
    done.0.success();
    failed.0.failure();
    irrelevant.0.ignore();
    drop(lost);
    let stats = breaker.stats();
    assert_eq!(
        (
            stats.successes,
            stats.failures,
            stats.ignored,
            stats.abandoned
        ),
        (1, 1, 1, 1)
    );
    Ok(())
}

#[test]
fn a_permit_dropped_by_a_panic_is_a_failure() {
    let breaker = CircuitBreaker::new("queue", FRAGILE);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _permit = breaker.acquire().expect("closed");
        panic!("the user's own");
    }));
    assert!(caught.is_err());
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn clones_are_the_same_circuit_and_namesakes_are_not() {
    let breaker = CircuitBreaker::new("twin", FRAGILE);
    let (clone, twin) = (breaker.clone(), CircuitBreaker::new("twin", FRAGILE));
    breaker.isolate();
    assert_eq!(
        (clone.state(), twin.state()),
        (CircuitState::Open, CircuitState::Closed)
    );
    assert!(registry::get("twin").is_none());
}

#[tokio::test(start_paused = true)]
async fn listeners_hear_of_every_transition() {
    let breaker = CircuitBreaker::new("heard", FRAGILE);
    let (sender, heard) = std::sync::mpsc::channel();
    breaker.on_transition(move |step| {
        sender
            .send((step.from.to_string(), step.to.to_string(), step.retry_after))
            .expect("heard");
    });
    let _ = breaker.call(|| Err::<(), _>(ApiError::Status(1)));
    advance(30 * SECOND).await;
    assert_eq!(breaker.call(|| Ok::<_, ApiError>(())), Ok(()));
    let step = |from: &str, to: &str, retry_after| (from.to_owned(), to.to_owned(), retry_after);
    assert_eq!(
        heard.try_iter().collect::<Vec<_>>(),
        [
            step("closed", "open", Some(30 * SECOND)),
            step("open", "half_open", None),
            step("half_open", "closed", None),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_policies_compose_without_an_attribute() {
    let breaker = CircuitBreaker::new("composed", CircuitBreakerConfig::new());
    let (calls, start) = (Cell::new(0), Instant::now());
    let attempt = || async {
        let answer = TimeoutConfig::new(2 * SECOND).run_async(async {
            sleep(if calls.get() == 0 {
                60 * SECOND
            } else {
                SECOND
            })
            .await;
            if calls.get() < 2 {
                fail(&calls)
            } else {
                Ok(())
            }
        });
        breaker
            .call_async(async {
                answer
                    .await
                    .unwrap_or_else(|late| fail(&calls).and(Err(late.into())))
            })
            .await
    };
    assert_eq!(EXACT.run_async(attempt).await, Ok(()));
    // A limit, a wait, a failure, a wait, an answer.
    assert_eq!(start.elapsed(), (2 + 1 + 1 + 2 + 1) * SECOND);
    assert_eq!(
        (breaker.stats().failures, breaker.stats().successes),
        (2, 1)
    );
}

#[test]
fn the_errors_go_wherever_an_error_goes() {
    fn portable<T: Error + Clone + Send + Sync + 'static>(
        error: T,
    ) -> Box<dyn Error + Send + Sync> {
        error.into()
    }
    let breaker = CircuitBreaker::new("portable", FRAGILE);
    breaker.isolate();
    let open = breaker.acquire().unwrap_err();
    let late = TimeoutConfig::new(SECOND).operation("query").timed_out();
    assert!(portable(open.clone()).is::<CircuitOpen>());
    assert!(portable(late.clone()).is::<TimedOut>());
    let (open, late) = (io::Error::from(open), io::Error::from(late));
    assert_eq!(
        (open.kind(), late.kind()),
        (io::ErrorKind::Other, io::ErrorKind::TimedOut)
    );
    assert_eq!(open.to_string(), "circuit `portable` is isolated");
    assert!(
        late.get_ref()
            .is_some_and(<dyn Error + Send + Sync>::is::<TimedOut>)
    );
}

#[test]
fn configurations_are_constants_and_copies() {
    const TIMEOUT: TimeoutConfig = TimeoutConfig::new(SECOND).operation("query");
    static SHARED: CircuitBreakerConfig = FRAGILE.recovery_timeout(SECOND);
    let (retry, circuit, timeout) = (EXACT, SHARED, TIMEOUT);
    let copies = (retry, circuit, timeout);
    assert_eq!((retry, circuit, timeout), copies);
    assert_eq!(
        (circuit.get_recovery_timeout(), timeout.get_limit()),
        (SECOND, SECOND)
    );
}

#[test]
fn a_wrong_value_at_run_time_panics_in_the_setter() {
    let refused = |set: &dyn Fn() -> CircuitBreakerConfig| {
        let payload = catch_unwind(AssertUnwindSafe(set)).expect_err("refused");
        payload
            .downcast_ref::<String>()
            .expect("a sentence")
            .clone()
    };
    let zero = Duration::ZERO;
    let messages = [
        refused(&|| CircuitBreakerConfig::new().failure_threshold(0)),
        refused(&|| CircuitBreakerConfig::new().failure_rate(1.5)),
        refused(&|| CircuitBreakerConfig::new().minimum_calls(0)),
        refused(&|| CircuitBreakerConfig::new().failure_window(zero)),
        refused(&|| CircuitBreakerConfig::new().recovery_timeout(zero)),
        refused(&|| CircuitBreakerConfig::new().success_threshold(0)),
        refused(&|| CircuitBreakerConfig::new().half_open_max_calls(0)),
        refused(&|| CircuitBreakerConfig::new().slow_call(zero)),
    ];
    assert_eq!(
        messages,
        [
            "`failure_threshold` must be at least 1, like 5",
            "`failure_rate` must be above 0.0 and at most 1.0, like 0.5",
            "`minimum_calls` must be at least 1, like 20",
            "`failure_window` must be longer than zero, like 60s",
            "`recovery_timeout` must be longer than zero, like 30s",
            "`success_threshold` must be at least 1, like 2",
            "`half_open_max_calls` must be at least 1, like 1",
            "`slow_call` must be longer than zero, like 2s",
        ]
    );
}

#[test]
fn the_states_are_shown_as_in_the_log() {
    let shown = [
        CircuitState::Closed,
        CircuitState::Open,
        CircuitState::HalfOpen,
    ]
    .map(|state| state.to_string());
    assert_eq!(shown, ["closed", "open", "half_open"]);
    assert_eq!(format!("[{:>9}]", CircuitState::HalfOpen), "[half_open]");
    assert_eq!(format!("[{:<9}]", CircuitState::Open), "[open     ]");
}

#[test]
fn a_hook_is_an_ordinary_function_of_the_event() {
    fn note<T, E>(event: &RetryEvent<'_, T, E>) {
        assert!(event.attempt >= 1 && event.delay.is_zero() && event.outcome.is_err());
        NOTED.set(NOTED.get() + event.attempt);
    }
    thread_local! { static NOTED: Cell<u32> = const { Cell::new(0) } }
    #[retry(max_retries = 2, base_delay = 0s, on_retry = note)]
    fn call() -> Result<(), ApiError> {
        Err(ApiError::Status(0))
    }
    assert_eq!(call(), Err(ApiError::Status(0)));
    assert_eq!(NOTED.get(), 1 + 2);
}
