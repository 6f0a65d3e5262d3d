//! A timeout that a deadline of its caller ends is a refusal: circuits ignore it and retries do not
//! retry it.

use std::cell::Cell;
use std::fmt;
use std::future::pending;
use std::io;
use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, Refusal, RefusalKind, TimedOut,
    TimeoutConfig, circuit_breaker, is_refusal, retry, timeout, with_deadline,
};
use tokio::time::{Instant, advance, sleep};

use super::SECOND;

fn soon() -> Instant {
    Instant::now() + SECOND
}

fn breaker() -> CircuitBreaker {
    CircuitBreaker::new("deadline", CircuitBreakerConfig::new())
}

fn failures_and_ignored(breaker: &CircuitBreaker) -> (u64, u64) {
    let stats = breaker.stats();
    (stats.failures, stats.ignored)
}

/// An error that keeps nothing of its cause.
#[derive(Debug, PartialEq)]
enum Lossy {
    Late,
    Open,
    Down,
}

impl From<TimedOut> for Lossy {
    fn from(_: TimedOut) -> Self {
        Self::Late
    }
}

impl From<CircuitOpen> for Lossy {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

/// An error that leads to its cause.
#[derive(Debug)]
struct Wrapped(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrapped")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<CircuitOpen> for Wrapped {
    fn from(open: CircuitOpen) -> Self {
        Self(Box::new(open))
    }
}

#[timeout(limit, operation = "query")]
async fn query(limit: Duration) -> Result<(), TimedOut> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn the_smaller_one_of_the_limit_and_the_time_that_is_left_ends_the_timeout() {
    let start = Instant::now();
    let at = start + 3 * SECOND;
    let inherited = with_deadline(at, async {
        sleep(SECOND).await;
        query(9 * SECOND).await.unwrap_err()
    })
    .await;
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert!(inherited.is_inherited() && inherited.was_started());
    assert_eq!(inherited.limit(), 2 * SECOND, "what was left");
    assert_eq!(
        inherited.to_string(),
        "`query` timed out after 2s, at the deadline of its caller"
    );

    for limit in [SECOND, 2 * SECOND] {
        let own = with_deadline(Instant::now() + 2 * SECOND, query(limit)).await;
        assert_eq!(
            own,
            Err(TimeoutConfig::new(limit).operation("query").timed_out())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_end_is_ended_by_the_deadline_too() {
    let error = with_deadline(soon(), query(Duration::MAX))
        .await
        .unwrap_err();
    assert!(error.is_inherited());
    assert_eq!(error.limit(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_done_in_time_is_not_touched() {
    #[timeout(9s)]
    async fn quick(time: Duration) -> Result<u8, TimedOut> {
        sleep(time).await;
        Ok(7)
    }
    assert_eq!(with_deadline(soon(), quick(Duration::ZERO)).await, Ok(7));
    // A tie goes to the body.
    assert_eq!(with_deadline(soon(), quick(SECOND)).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_the_body_does_not_run() {
    #[timeout(limit, operation = "late")]
    async fn late(limit: Duration) -> Result<(), TimedOut> {
        unreachable!("the body runs")
    }
    let passed = Instant::now();
    advance(SECOND).await;
    for at in [passed, Instant::now()] {
        for limit in [9 * SECOND, Duration::MAX] {
            let error = with_deadline(at, late(limit)).await.unwrap_err();
            assert!(error.is_inherited() && !error.was_started());
            assert_eq!(error.limit(), Duration::ZERO);
            assert_eq!(
                error.to_string(),
                "`late` was not started: the deadline of its caller had passed"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_of_its_own_still_polls_once() {
    #[timeout(Duration::ZERO + limit)]
    async fn once(limit: Duration, polled: &Cell<bool>) -> Result<(), TimedOut> {
        polled.set(true);
        pending().await
    }
    let polled = Cell::new(false);
    let error = with_deadline(soon(), once(Duration::ZERO, &polled))
        .await
        .unwrap_err();
    assert!(polled.get());
    assert!(!error.is_inherited() && error.was_started());
}

#[tokio::test(start_paused = true)]
async fn with_deadline_ends_nothing_itself() {
    let output = with_deadline(soon(), async {
        sleep(9 * SECOND).await;
        7
    });
    assert_eq!(output.await, 7);
}

#[tokio::test(start_paused = true)]
async fn an_inherited_expiry_carries_the_mark_wherever_it_is_held() {
    let error = with_deadline(soon(), query(9 * SECOND)).await.unwrap_err();
    let kind = Refusal::of(&error).map(Refusal::kind);
    assert_eq!(kind, Some(RefusalKind::Deadline));
    assert!(is_refusal(&io::Error::from(error.clone())));
    assert!(is_refusal(&Wrapped(Box::new(error))));
    let own = query(SECOND).await.unwrap_err();
    assert!(!is_refusal(&own));
}

#[tokio::test(start_paused = true)]
async fn between_nested_timeouts_the_error_is_the_outer_ones() {
    #[timeout(1s, operation = "outer")]
    async fn outer() -> Result<(), TimedOut> {
        query(9 * SECOND).await
    }
    let error = outer().await.unwrap_err();
    assert_eq!((error.operation(), error.is_inherited()), ("outer", false));
    // The outer one keeps to the deadline, so that the inner one is dropped by it.
    let error = with_deadline(soon() - SECOND / 2, outer())
        .await
        .unwrap_err();
    assert_eq!((error.operation(), error.is_inherited()), ("outer", true));
}

/// Calls a function under a circuit within its limit and without time, and returns what the circuit
/// counts.
macro_rules! counted {
    ($call:ident) => {{
        let breaker = breaker();
        with_deadline(soon(), $call(&breaker)).await.unwrap_err();
        let inherited = failures_and_ignored(&breaker);
        with_deadline(Instant::now(), $call(&breaker))
            .await
            .unwrap_err();
        let passed = failures_and_ignored(&breaker);
        $call(&breaker).await.unwrap_err();
        (inherited, passed, failures_and_ignored(&breaker))
    }};
}

/// Ignored, ignored, and a failure.
const IGNORED: ((u64, u64), (u64, u64), (u64, u64)) = ((0, 1), (0, 2), (1, 2));

#[tokio::test(start_paused = true)]
async fn a_circuit_of_the_own_stack_ignores_it_whatever_the_error_keeps() {
    #[circuit_breaker(breaker = breaker)]
    #[timeout(9s)]
    async fn kept(breaker: &CircuitBreaker) -> io::Result<()> {
        pending().await
    }
    #[circuit_breaker(breaker = breaker)]
    #[timeout(9s)]
    async fn lost(breaker: &CircuitBreaker) -> Result<(), Lossy> {
        pending().await
    }
    #[circuit_breaker(breaker = breaker, error = |_| "open")]
    #[timeout(9s, error = |_| "late")]
    async fn in_a_text(breaker: &CircuitBreaker) -> Result<(), &'static str> {
        pending().await
    }
    // A pattern cannot tell it from a timeout of its own.
    #[circuit_breaker(breaker = breaker, failure_on(Lossy::Late))]
    #[timeout(9s)]
    async fn asked_for(breaker: &CircuitBreaker) -> Result<(), Lossy> {
        pending().await
    }
    #[circuit_breaker(breaker = breaker)]
    #[retry(max_retries = 3)]
    #[timeout(9s)]
    async fn around_a_retry(breaker: &CircuitBreaker) -> Result<(), Lossy> {
        pending().await
    }
    assert_eq!(counted!(kept), IGNORED);
    assert_eq!(counted!(lost), IGNORED);
    assert_eq!(counted!(in_a_text), IGNORED);
    assert_eq!(counted!(asked_for), IGNORED);
    assert_eq!(counted!(around_a_retry), IGNORED);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_around_another_function_ignores_it_if_the_error_leads_to_it() {
    #[circuit_breaker(breaker = breaker)]
    async fn around(breaker: &CircuitBreaker) -> Result<(), Wrapped> {
        query(9 * SECOND)
            .await
            .map_err(|late| Wrapped(Box::new(late)))
    }
    #[circuit_breaker(breaker = breaker, failure_on(_))]
    async fn asked_for(breaker: &CircuitBreaker) -> io::Result<()> {
        Ok(query(9 * SECOND).await?)
    }
    assert_eq!(counted!(around), IGNORED);
    assert_eq!(counted!(asked_for), IGNORED);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_body_counts_under_a_deadline_as_without() {
    #[circuit_breaker(breaker = breaker)]
    #[timeout(9s)]
    async fn fails(breaker: &CircuitBreaker, time: Duration) -> Result<(), Lossy> {
        sleep(time).await;
        Err(Lossy::Down)
    }
    let breaker = breaker();
    for time in [Duration::ZERO, SECOND] {
        let error = with_deadline(soon(), fails(&breaker, time)).await;
        assert_eq!(error, Err(Lossy::Down));
    }
    assert_eq!(failures_and_ignored(&breaker), (2, 0));
    // A timeout of its own before the deadline is a failure, too.
    let late = with_deadline(Instant::now() + 20 * SECOND, fails(&breaker, 60 * SECOND)).await;
    assert_eq!(late, Err(Lossy::Late));
    assert_eq!(failures_and_ignored(&breaker), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retry_does_not_retry_it() {
    #[retry(max_retries = 3, base_delay = 0s)]
    async fn around(calls: &Cell<u32>) -> io::Result<()> {
        calls.set(calls.get() + 1);
        Ok(with_deadline(soon(), query(9 * SECOND)).await?)
    }
    #[retry(max_retries = 3, base_delay = 0s, retry_on(_))]
    async fn matched(calls: &Cell<u32>) -> io::Result<()> {
        calls.set(calls.get() + 1);
        Ok(with_deadline(soon(), query(9 * SECOND)).await?)
    }
    #[retry(max_retries = 3, base_delay = 0s, retry_refused = true)]
    async fn asked_for(calls: &Cell<u32>) -> io::Result<()> {
        calls.set(calls.get() + 1);
        Ok(with_deadline(soon(), query(9 * SECOND)).await?)
    }
    #[retry(max_retries = 3, base_delay = 0s)]
    async fn of_its_own(calls: &Cell<u32>) -> io::Result<()> {
        calls.set(calls.get() + 1);
        Ok(query(SECOND).await?)
    }
    let calls = Cell::new(0);
    around(&calls).await.unwrap_err();
    assert_eq!(calls.take(), 1);
    matched(&calls).await.unwrap_err();
    assert_eq!(calls.take(), 1);
    asked_for(&calls).await.unwrap_err();
    assert_eq!(calls.take(), 4);
    of_its_own(&calls).await.unwrap_err();
    assert_eq!(calls.take(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_caller_gets_the_error_of_the_body_that_came_before_it() {
    #[circuit_breaker(breaker = breaker)]
    #[retry(max_retries = 3, base_delay = 600ms, jitter = none)]
    #[timeout(9s)]
    async fn fetch(breaker: &CircuitBreaker, calls: &Cell<u32>) -> Result<(), Lossy> {
        calls.set(calls.get() + 1);
        if calls.get() == 1 {
            return Err(Lossy::Down);
        }
        pending().await
    }
    let (breaker, calls, start) = (breaker(), Cell::new(0), Instant::now());
    let outcome = with_deadline(soon(), fetch(&breaker, &calls)).await;
    assert_eq!((outcome, calls.get()), (Err(Lossy::Down), 2));
    assert_eq!(start.elapsed(), SECOND);
    // The error is the body's, so it counts.
    assert_eq!(failures_and_ignored(&breaker), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_timeout_inherits_as_well() {
    let limit = TimeoutConfig::new(9 * SECOND);
    let error = with_deadline(soon(), limit.run_async(pending::<()>()))
        .await
        .unwrap_err();
    assert!(error.is_inherited());
}
