//! All six orders of the three attributes on a sync function, a table per claim and mode of the timeout.
//!
//! A line is the order from the top, what the last call returned, how often the body ran, and what the circuit recorded.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

use super::Step::{Fails, FailsAfter, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, word};

type Outcome = Result<(), ApiError>;

/// The timeout runs the body in place, and is asked in virtual time.
mod cooperative {
    use resilience::{circuit_breaker, retry, timeout};

    use super::{Outcome, Service};

    #[retry(max_retries = 2, base_delay = 0s)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(service.limit, mode = cooperative)]
    pub(super) fn retry_circuit_timeout(service: &Service) -> Outcome {
        service.answer_blocking()
    }

    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(service.limit, mode = cooperative)]
    #[circuit_breaker(breaker = &service.breaker)]
    pub(super) fn retry_timeout_circuit(service: &Service) -> Outcome {
        service.answer_blocking()
    }

    #[circuit_breaker(breaker = &service.breaker)]
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(service.limit, mode = cooperative)]
    pub(super) fn circuit_retry_timeout(service: &Service) -> Outcome {
        service.answer_blocking()
    }

    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(service.limit, mode = cooperative)]
    #[retry(max_retries = 2, base_delay = 0s)]
    pub(super) fn circuit_timeout_retry(service: &Service) -> Outcome {
        service.answer_blocking()
    }

    #[timeout(service.limit, mode = cooperative)]
    #[retry(max_retries = 2, base_delay = 0s)]
    #[circuit_breaker(breaker = &service.breaker)]
    pub(super) fn timeout_retry_circuit(service: &Service) -> Outcome {
        service.answer_blocking()
    }

    #[timeout(service.limit, mode = cooperative)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[retry(max_retries = 2, base_delay = 0s)]
    pub(super) fn timeout_circuit_retry(service: &Service) -> Outcome {
        service.answer_blocking()
    }
}

/// The timeout runs what is inside it on a worker.
mod thread_mode {
    use std::sync::Arc;

    use resilience::{circuit_breaker, retry, timeout};

    use super::{Outcome, Service};

    #[retry(max_retries = 2, base_delay = 0s)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(service.limit)]
    pub(super) fn retry_circuit_timeout(service: Arc<Service>) -> Outcome {
        service.answer_blocking()
    }

    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(service.limit)]
    #[circuit_breaker(breaker = &service.breaker)]
    pub(super) fn retry_timeout_circuit(service: Arc<Service>) -> Outcome {
        service.answer_blocking()
    }

    #[circuit_breaker(breaker = &service.breaker)]
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(service.limit)]
    pub(super) fn circuit_retry_timeout(service: Arc<Service>) -> Outcome {
        service.answer_blocking()
    }

    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(service.limit)]
    #[retry(max_retries = 2, base_delay = 0s)]
    pub(super) fn circuit_timeout_retry(service: Arc<Service>) -> Outcome {
        service.answer_blocking()
    }

    #[timeout(service.limit)]
    #[retry(max_retries = 2, base_delay = 0s)]
    #[circuit_breaker(breaker = &service.breaker)]
    pub(super) fn timeout_retry_circuit(service: Arc<Service>) -> Outcome {
        service.answer_blocking()
    }

    #[timeout(service.limit)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[retry(max_retries = 2, base_delay = 0s)]
    pub(super) fn timeout_circuit_retry(service: Arc<Service>) -> Outcome {
        service.answer_blocking()
    }
}

/// In each of the six orders, a service of its own is called so many times.
fn cooperative_table(calls: usize, service: impl Fn() -> Service) -> [String; 6] {
    let line = |order: &str, call: fn(&Service) -> Outcome| {
        let (service, start) = (service(), Instant::now());
        let mut outcome = Ok(());
        for _ in 0..calls {
            outcome = call(&service);
        }
        let (executions, recorded, seconds) = (
            service.executions(),
            service.recorded(),
            start.elapsed().as_secs(),
        );
        format!(
            "{order}: {}, {executions} executions, {recorded}, {seconds} s",
            word(&outcome)
        )
    };
    [
        line("retry circuit timeout", cooperative::retry_circuit_timeout),
        line("retry timeout circuit", cooperative::retry_timeout_circuit),
        line("circuit retry timeout", cooperative::circuit_retry_timeout),
        line("circuit timeout retry", cooperative::circuit_timeout_retry),
        line("timeout retry circuit", cooperative::timeout_retry_circuit),
        line("timeout circuit retry", cooperative::timeout_circuit_retry),
    ]
}

/// The same on workers, without the time: it is real. All six at once, so that the limits pass together.
fn thread_table(calls: usize, service: impl Fn() -> Service) -> [String; 6] {
    let line = |order: &'static str, call: fn(Arc<Service>) -> Outcome| {
        let service = Arc::new(service());
        thread::spawn(move || {
            let mut outcome = Ok(());
            for _ in 0..calls {
                outcome = call(Arc::clone(&service));
            }
            // A body that was given up still holds its service, and its circuit has not heard of it yet.
            while Arc::strong_count(&service) > 1 {
                thread::sleep(Duration::from_millis(1));
            }
            let (executions, recorded) = (service.executions(), service.recorded());
            format!(
                "{order}: {}, {executions} executions, {recorded}",
                word(&outcome)
            )
        })
    };
    let lines = [
        line("retry circuit timeout", thread_mode::retry_circuit_timeout),
        line("retry timeout circuit", thread_mode::retry_timeout_circuit),
        line("circuit retry timeout", thread_mode::circuit_retry_timeout),
        line("circuit timeout retry", thread_mode::circuit_timeout_retry),
        line("timeout retry circuit", thread_mode::timeout_retry_circuit),
        line("timeout circuit retry", thread_mode::timeout_circuit_retry),
    ];
    lines.map(|line| line.join().expect("no panic"))
}

#[tokio::test(start_paused = true)]
async fn a_circuit_inside_the_retry_sees_every_attempt_and_one_outside_sees_the_call() {
    assert_eq!(
        cooperative_table(1, || Service::unguarded(&[Fails])),
        [
            "retry circuit timeout: down, 3 executions, 3 failed, 0 s",
            "retry timeout circuit: down, 3 executions, 3 failed, 0 s",
            "circuit retry timeout: down, 3 executions, 1 failed, 0 s",
            "circuit timeout retry: down, 3 executions, 1 failed, 0 s",
            "timeout retry circuit: down, 3 executions, 3 failed, 0 s",
            "timeout circuit retry: down, 3 executions, 1 failed, 0 s",
        ]
    );
    assert_eq!(
        thread_table(1, || Service::unguarded(&[Fails])),
        [
            "retry circuit timeout: down, 3 executions, 3 failed",
            "retry timeout circuit: down, 3 executions, 3 failed",
            "circuit retry timeout: down, 3 executions, 1 failed",
            "circuit timeout retry: down, 3 executions, 1 failed",
            "timeout retry circuit: down, 3 executions, 3 failed",
            "timeout circuit retry: down, 3 executions, 1 failed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_outside_the_retry_sees_no_failure_that_a_retry_made_good() {
    assert_eq!(
        cooperative_table(1, || Service::unguarded(&[Fails, Fails, Succeeds])),
        [
            "retry circuit timeout: ok, 3 executions, 1 succeeded, 2 failed, 0 s",
            "retry timeout circuit: ok, 3 executions, 1 succeeded, 2 failed, 0 s",
            "circuit retry timeout: ok, 3 executions, 1 succeeded, 0 s",
            "circuit timeout retry: ok, 3 executions, 1 succeeded, 0 s",
            "timeout retry circuit: ok, 3 executions, 1 succeeded, 2 failed, 0 s",
            "timeout circuit retry: ok, 3 executions, 1 succeeded, 0 s",
        ]
    );
    assert_eq!(
        thread_table(1, || Service::unguarded(&[Fails, Fails, Succeeds])),
        [
            "retry circuit timeout: ok, 3 executions, 1 succeeded, 2 failed",
            "retry timeout circuit: ok, 3 executions, 1 succeeded, 2 failed",
            "circuit retry timeout: ok, 3 executions, 1 succeeded",
            "circuit timeout retry: ok, 3 executions, 1 succeeded",
            "timeout retry circuit: ok, 3 executions, 1 succeeded, 2 failed",
            "timeout circuit retry: ok, 3 executions, 1 succeeded",
        ]
    );
}

/// Each attempt takes three seconds. In place nothing is interrupted: an attempt that was begun is finished, but once the
/// limit has passed none is begun.
#[tokio::test(start_paused = true)]
async fn a_timeout_in_place_bounds_what_is_inside_it_by_beginning_nothing_more() {
    assert_eq!(
        cooperative_table(1, || Service::unguarded(&[FailsAfter(3 * SECOND)])
            .limit(5 * SECOND)),
        [
            "retry circuit timeout: down, 3 executions, 3 failed, 9 s",
            "retry timeout circuit: down, 3 executions, 3 failed, 9 s",
            "circuit retry timeout: down, 3 executions, 1 failed, 9 s",
            "circuit timeout retry: late, 2 executions, 1 failed, 6 s",
            "timeout retry circuit: late, 2 executions, 2 failed, 6 s",
            "timeout circuit retry: late, 2 executions, 1 failed, 6 s",
        ]
    );
    assert_eq!(
        cooperative_table(1, || Service::unguarded(&[FailsAfter(3 * SECOND)])
            .limit(2 * SECOND)),
        [
            "retry circuit timeout: late, 3 executions, 3 failed, 9 s",
            "retry timeout circuit: late, 3 executions, 3 failed, 9 s",
            "circuit retry timeout: late, 3 executions, 1 failed, 9 s",
            "circuit timeout retry: late, 1 executions, 1 failed, 3 s",
            "timeout retry circuit: late, 1 executions, 1 failed, 3 s",
            "timeout circuit retry: late, 1 executions, 1 failed, 3 s",
        ]
    );
}

/// On a worker the caller leaves at the limit. A circuit inside the timeout hears from the worker how the body ended.
#[test]
fn a_timeout_on_a_worker_ends_each_attempt_or_the_whole() {
    // Long enough for a worker to begin on a busy machine.
    let limit = Duration::from_millis(500);
    assert_eq!(
        thread_table(1, || Service::unguarded(&[Hangs]).limit(limit)),
        [
            "retry circuit timeout: late, 3 executions, 3 failed",
            "retry timeout circuit: late, 3 executions, 3 failed",
            "circuit retry timeout: late, 3 executions, 1 failed",
            "circuit timeout retry: late, 1 executions, 1 failed",
            "timeout retry circuit: late, 1 executions, 1 failed",
            "timeout circuit retry: late, 1 executions, 1 failed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_inside_the_retry_opens_between_attempts_and_one_outside_between_calls() {
    assert_eq!(
        cooperative_table(3, || Service::new(&[Fails])),
        [
            "retry circuit timeout: open, 2 executions, 2 failed, 2 refused, 0 s",
            "retry timeout circuit: open, 2 executions, 2 failed, 2 refused, 0 s",
            "circuit retry timeout: open, 6 executions, 2 failed, 1 refused, 0 s",
            "circuit timeout retry: open, 6 executions, 2 failed, 1 refused, 0 s",
            "timeout retry circuit: open, 2 executions, 2 failed, 2 refused, 0 s",
            "timeout circuit retry: open, 6 executions, 2 failed, 1 refused, 0 s",
        ]
    );
    // In the second row the circuit's handle is the worker's, so the retry learns of the open circuit by a refusal.
    assert_eq!(
        thread_table(3, || Service::new(&[Fails])),
        [
            "retry circuit timeout: open, 2 executions, 2 failed, 2 refused",
            "retry timeout circuit: open, 2 executions, 2 failed, 3 refused",
            "circuit retry timeout: open, 6 executions, 2 failed, 1 refused",
            "circuit timeout retry: open, 6 executions, 2 failed, 1 refused",
            "timeout retry circuit: open, 2 executions, 2 failed, 2 refused",
            "timeout circuit retry: open, 6 executions, 2 failed, 1 refused",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_costs_no_execution_and_no_second_attempt() {
    let isolated = || {
        let service = Service::new(&[Succeeds]);
        service.breaker.isolate();
        service
    };
    assert_eq!(
        cooperative_table(1, isolated),
        [
            "retry circuit timeout: open, 0 executions, 1 refused, 0 s",
            "retry timeout circuit: open, 0 executions, 1 refused, 0 s",
            "circuit retry timeout: open, 0 executions, 1 refused, 0 s",
            "circuit timeout retry: open, 0 executions, 1 refused, 0 s",
            "timeout retry circuit: open, 0 executions, 1 refused, 0 s",
            "timeout circuit retry: open, 0 executions, 1 refused, 0 s",
        ]
    );
    assert_eq!(
        thread_table(1, isolated),
        [
            "retry circuit timeout: open, 0 executions, 1 refused",
            "retry timeout circuit: open, 0 executions, 1 refused",
            "circuit retry timeout: open, 0 executions, 1 refused",
            "circuit timeout retry: open, 0 executions, 1 refused",
            "timeout retry circuit: open, 0 executions, 1 refused",
            "timeout circuit retry: open, 0 executions, 1 refused",
        ]
    );
}
