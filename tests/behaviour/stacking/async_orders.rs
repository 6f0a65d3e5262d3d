//! All six orders of the three attributes on an async function, a table per claim.
//!
//! A line is the order from the top, what the last call returned, how often the body ran, what the circuit recorded,
//! and the virtual time from the first call to the last answer.

use resilience::{circuit_breaker, retry, timeout};
use tokio::time::Instant;

use super::Step::{Fails, FailsAfter, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, word};

type Outcome = Result<(), ApiError>;

#[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)]
#[circuit_breaker(breaker = &service.breaker)]
#[timeout(service.limit)]
async fn retry_circuit_timeout(service: &Service) -> Outcome {
    service.answer().await
}

#[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)]
#[timeout(service.limit)]
#[circuit_breaker(breaker = &service.breaker)]
async fn retry_timeout_circuit(service: &Service) -> Outcome {
    service.answer().await
}

#[circuit_breaker(breaker = &service.breaker)]
#[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)]
#[timeout(service.limit)]
async fn circuit_retry_timeout(service: &Service) -> Outcome {
    service.answer().await
}

#[circuit_breaker(breaker = &service.breaker)]
#[timeout(service.limit)]
#[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)]
async fn circuit_timeout_retry(service: &Service) -> Outcome {
    service.answer().await
}

#[timeout(service.limit)]
#[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)]
#[circuit_breaker(breaker = &service.breaker)]
async fn timeout_retry_circuit(service: &Service) -> Outcome {
    service.answer().await
}

#[timeout(service.limit)]
#[circuit_breaker(breaker = &service.breaker)]
#[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)]
async fn timeout_circuit_retry(service: &Service) -> Outcome {
    service.answer().await
}

/// Calls a service of its own in each of the six orders, so many times.
async fn table(calls: usize, service: impl Fn() -> Service) -> [String; 6] {
    async fn line(
        order: &str,
        calls: usize,
        service: Service,
        call: impl AsyncFn(&Service) -> Outcome,
    ) -> String {
        let start = Instant::now();
        let mut outcome = Ok(());
        for _ in 0..calls {
            outcome = call(&service).await;
        }
        let (executions, recorded, seconds) = (
            service.executions(),
            service.recorded(),
            start.elapsed().as_secs_f32(),
        );
        format!(
            "{order}: {}, {executions} executions, {recorded}, {seconds} s",
            word(&outcome)
        )
    }
    [
        line(
            "retry circuit timeout",
            calls,
            service(),
            retry_circuit_timeout,
        )
        .await,
        line(
            "retry timeout circuit",
            calls,
            service(),
            retry_timeout_circuit,
        )
        .await,
        line(
            "circuit retry timeout",
            calls,
            service(),
            circuit_retry_timeout,
        )
        .await,
        line(
            "circuit timeout retry",
            calls,
            service(),
            circuit_timeout_retry,
        )
        .await,
        line(
            "timeout retry circuit",
            calls,
            service(),
            timeout_retry_circuit,
        )
        .await,
        line(
            "timeout circuit retry",
            calls,
            service(),
            timeout_circuit_retry,
        )
        .await,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_success_passes_all_three_at_once() {
    assert_eq!(
        table(1, || Service::new(&[Succeeds])).await,
        [
            "retry circuit timeout: ok, 1 executions, 1 succeeded, 0 s",
            "retry timeout circuit: ok, 1 executions, 1 succeeded, 0 s",
            "circuit retry timeout: ok, 1 executions, 1 succeeded, 0 s",
            "circuit timeout retry: ok, 1 executions, 1 succeeded, 0 s",
            "timeout retry circuit: ok, 1 executions, 1 succeeded, 0 s",
            "timeout circuit retry: ok, 1 executions, 1 succeeded, 0 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_inside_the_retry_sees_every_attempt_and_one_outside_sees_the_call() {
    assert_eq!(
        table(1, || Service::unguarded(&[Fails])).await,
        [
            "retry circuit timeout: down, 3 executions, 3 failed, 2 s",
            "retry timeout circuit: down, 3 executions, 3 failed, 2 s",
            "circuit retry timeout: down, 3 executions, 1 failed, 2 s",
            "circuit timeout retry: down, 3 executions, 1 failed, 2 s",
            "timeout retry circuit: down, 3 executions, 3 failed, 2 s",
            "timeout circuit retry: down, 3 executions, 1 failed, 2 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_outside_the_retry_sees_no_failure_that_a_retry_made_good() {
    assert_eq!(
        table(1, || Service::unguarded(&[Fails, Fails, Succeeds])).await,
        [
            "retry circuit timeout: ok, 3 executions, 1 succeeded, 2 failed, 2 s",
            "retry timeout circuit: ok, 3 executions, 1 succeeded, 2 failed, 2 s",
            "circuit retry timeout: ok, 3 executions, 1 succeeded, 2 s",
            "circuit timeout retry: ok, 3 executions, 1 succeeded, 2 s",
            "timeout retry circuit: ok, 3 executions, 1 succeeded, 2 failed, 2 s",
            "timeout circuit retry: ok, 3 executions, 1 succeeded, 2 s",
        ]
    );
}

/// Two waits of a second lie between three attempts of five. A circuit inside of the timeout is not told of the expiry:
/// its call is dropped.
#[tokio::test(start_paused = true)]
async fn a_timeout_inside_the_retry_bounds_each_attempt_and_one_outside_the_whole() {
    assert_eq!(
        table(1, || Service::unguarded(&[Hangs]).limit(5 * SECOND)).await,
        [
            "retry circuit timeout: late, 3 executions, 3 failed, 17 s",
            "retry timeout circuit: late, 3 executions, 3 abandoned, 17 s",
            "circuit retry timeout: late, 3 executions, 1 failed, 17 s",
            "circuit timeout retry: late, 1 executions, 1 failed, 5 s",
            "timeout retry circuit: late, 1 executions, 1 abandoned, 5 s",
            "timeout circuit retry: late, 1 executions, 1 abandoned, 5 s",
        ]
    );
}

/// Each attempt is in time, but not all of them together: an attempt ends at 3 s, and the next one would at 7 s.
#[tokio::test(start_paused = true)]
async fn attempts_that_are_in_time_one_by_one_may_be_late_together() {
    assert_eq!(
        table(1, || Service::unguarded(&[FailsAfter(3 * SECOND)])
            .limit(5 * SECOND))
        .await,
        [
            "retry circuit timeout: down, 3 executions, 3 failed, 11 s",
            "retry timeout circuit: down, 3 executions, 3 failed, 11 s",
            "circuit retry timeout: down, 3 executions, 1 failed, 11 s",
            "circuit timeout retry: late, 2 executions, 1 failed, 5 s",
            "timeout retry circuit: late, 2 executions, 1 failed, 1 abandoned, 5 s",
            "timeout circuit retry: late, 2 executions, 1 abandoned, 5 s",
        ]
    );
}

/// A wait of one second is twice the limit.
#[tokio::test(start_paused = true)]
async fn the_timer_does_not_run_during_a_backoff_outside_it() {
    let half = SECOND / 2;
    assert_eq!(
        table(1, || Service::unguarded(&[Fails]).limit(half)).await,
        [
            "retry circuit timeout: down, 3 executions, 3 failed, 2 s",
            "retry timeout circuit: down, 3 executions, 3 failed, 2 s",
            "circuit retry timeout: down, 3 executions, 1 failed, 2 s",
            "circuit timeout retry: late, 1 executions, 1 failed, 0.5 s",
            "timeout retry circuit: late, 1 executions, 1 failed, 0.5 s",
            "timeout circuit retry: late, 1 executions, 1 abandoned, 0.5 s",
        ]
    );
}

/// Two failures open the circuit. Inside the retry those are two attempts, and the retry does not begin the wait after
/// which the circuit would still refuse; outside they are two calls.
#[tokio::test(start_paused = true)]
async fn a_circuit_inside_the_retry_opens_between_attempts_and_one_outside_between_calls() {
    assert_eq!(
        table(3, || Service::new(&[Fails])).await,
        [
            "retry circuit timeout: open, 2 executions, 2 failed, 2 refused, 1 s",
            "retry timeout circuit: open, 2 executions, 2 failed, 2 refused, 1 s",
            "circuit retry timeout: open, 6 executions, 2 failed, 1 refused, 4 s",
            "circuit timeout retry: open, 6 executions, 2 failed, 1 refused, 4 s",
            "timeout retry circuit: open, 2 executions, 2 failed, 2 refused, 1 s",
            "timeout circuit retry: open, 6 executions, 2 failed, 1 refused, 4 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_costs_no_execution_no_second_attempt_and_no_time() {
    let isolated = || {
        let service = Service::new(&[Succeeds]);
        service.breaker.isolate();
        service
    };
    assert_eq!(
        table(1, isolated).await,
        [
            "retry circuit timeout: open, 0 executions, 1 refused, 0 s",
            "retry timeout circuit: open, 0 executions, 1 refused, 0 s",
            "circuit retry timeout: open, 0 executions, 1 refused, 0 s",
            "circuit timeout retry: open, 0 executions, 1 refused, 0 s",
            "timeout retry circuit: open, 0 executions, 1 refused, 0 s",
            "timeout circuit retry: open, 0 executions, 1 refused, 0 s",
        ]
    );
}
