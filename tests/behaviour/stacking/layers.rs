//! One layer's error is the next layer's input.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, circuit_breaker, retry, timeout};
use tokio::time::{Instant, sleep};

use super::Step::{Fails, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, pass, word};

#[tokio::test(start_paused = true)]
async fn an_outer_retry_on_sees_the_timeouts_and_only_what_it_names() {
    #[retry(base_delay = 1s, jitter = none, retry_on(ApiError::Late(_)))]
    #[timeout(2s)]
    async fn late_only(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(base_delay = 1s, jitter = none, retry_on(ApiError::Down))]
    #[timeout(2s)]
    async fn down_only(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::new(&[Hangs, Hangs, Fails, Succeeds]);
    assert_eq!(
        (word(&late_only(&service).await), service.executions()),
        ("down", 3)
    );
    let service = Service::new(&[Fails, Hangs, Succeeds]);
    assert_eq!(
        (word(&down_only(&service).await), service.executions()),
        ("late", 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_retry_sees_them_as_well() {
    #[retry(max_retries = 2, base_delay = 0s, retry_if = |error| matches!(error, ApiError::Late(_)))]
    #[timeout(2s, mode = cooperative)]
    fn call(calls: &Cell<u64>, takes: Duration) -> Result<(), ApiError> {
        calls.set(calls.get() + 1);
        pass(takes);
        Err(ApiError::Down)
    }
    let calls = Cell::new(0);
    assert_eq!((word(&call(&calls, SECOND)), calls.get()), ("down", 1));
    assert_eq!(
        (word(&call(&calls, 3 * SECOND)), calls.get()),
        ("late", 1 + 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_an_error_of_the_function_to_every_filter_outside() {
    #[derive(Debug, PartialEq)]
    enum Plain {
        Timeout,
        Unavailable,
        Down,
    }
    let counts = |breaker: &CircuitBreaker| {
        let stats = breaker.stats();
        (stats.successes, stats.failures, stats.ignored)
    };
    let breaker = || CircuitBreaker::new("layers", CircuitBreakerConfig::new());

    #[circuit_breaker(breaker = breaker, error = Plain::Unavailable, failure_on(Plain::Timeout))]
    #[timeout(1s, error = Plain::Timeout)]
    async fn failure(breaker: &CircuitBreaker, takes: Duration) -> Result<(), Plain> {
        sleep(takes).await;
        Err(Plain::Down)
    }
    let circuit = breaker();
    assert_eq!(failure(&circuit, Duration::ZERO).await, Err(Plain::Down));
    assert_eq!(failure(&circuit, 2 * SECOND).await, Err(Plain::Timeout));
    assert_eq!(counts(&circuit), (1, 1, 0));

    #[circuit_breaker(breaker = breaker, error = Plain::Unavailable, ignore(Plain::Timeout))]
    #[timeout(1s, error = |_| Plain::Timeout)]
    async fn ignored(breaker: &CircuitBreaker, takes: Duration) -> Result<(), Plain> {
        sleep(takes).await;
        Err(Plain::Down)
    }
    let circuit = breaker();
    assert_eq!(ignored(&circuit, Duration::ZERO).await, Err(Plain::Down));
    assert_eq!(ignored(&circuit, 2 * SECOND).await, Err(Plain::Timeout));
    assert_eq!(counts(&circuit), (0, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn timeouts_inside_a_circuit_open_it() {
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(1s)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::new(&[Hangs]);
    for answer in ["late", "late", "open"] {
        assert_eq!(word(&call(&service).await), answer);
    }
    assert_eq!(
        (service.executions(), service.recorded().as_str()),
        (2, "2 failed, 1 refused")
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_inside_a_timeout_measures_slow_calls_itself() {
    #[timeout(10s)]
    #[circuit_breaker(name = "layers::slow", slow_call = 2s, failure_threshold = 1)]
    async fn call(takes: Duration) -> Result<(), ApiError> {
        sleep(takes).await;
        Ok(())
    }
    assert_eq!(call(3 * SECOND).await, Ok(()));
    assert_eq!(word(&call(SECOND).await), "open");
}

#[tokio::test(start_paused = true)]
async fn on_retry_and_delay_hint_see_the_errors_of_the_layers() {
    #[retry(
        jitter = none,
        delay_hint = |error| match error {
            ApiError::Late(late) => Some(late.limit() * 10),
            _ => None,
        },
        on_retry = |event| seen.set(seen.take() + word(&event.outcome.copied().map_err(Clone::clone)) + " "),
    )]
    #[timeout(2s)]
    async fn call(service: &Service, seen: &Cell<String>) -> Result<(), ApiError> {
        service.answer().await
    }
    let (service, seen, start) = (
        Service::new(&[Fails, Hangs, Succeeds]),
        Cell::default(),
        Instant::now(),
    );
    assert_eq!(call(&service, &seen).await, Ok(()));
    // A wait of one second, two until the limit, and the wait that was hinted at.
    assert_eq!(start.elapsed(), (1 + 2 + 20) * SECOND);
    assert_eq!(seen.take(), "down late ");
}

#[tokio::test(start_paused = true)]
async fn all_policies_speak_through_an_error_type_of_another_crate() {
    #[retry(max_retries = 1, retry_if = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut)]
    #[circuit_breaker(name = "layers::io", failure_threshold = 2)]
    #[timeout(1s)]
    async fn call(calls: &Cell<u32>) -> io::Result<()> {
        calls.set(calls.get() + 1);
        std::future::pending().await
    }
    let calls = Cell::new(0);
    assert_eq!(
        call(&calls).await.unwrap_err().kind(),
        io::ErrorKind::TimedOut
    );
    assert_eq!(calls.get(), 2);
    assert_eq!(
        call(&calls).await.unwrap_err().to_string(),
        "circuit `layers::io` is open, retry in 30.0s"
    );
    assert_eq!(calls.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_passes_through_all_layers_and_is_one_failure() {
    #[retry]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(1s)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        let _ = service.answer().await;
        panic!("the body's own");
    }
    #[timeout(1s, mode = cooperative)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[retry(base_delay = 0s)]
    fn call_blocking(service: &Service) -> Result<(), ApiError> {
        let _ = service.answer_blocking();
        panic!("the body's own");
    }
    let service = std::sync::Arc::new(Service::unguarded(&[Fails]));
    let task = std::sync::Arc::clone(&service);
    let payload = tokio::spawn(async move { call(&task).await })
        .await
        .unwrap_err()
        .into_panic();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the body's own"));
    assert_eq!(
        (service.executions(), service.recorded().as_str()),
        (1, "1 failed")
    );
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call_blocking(&service)));
    assert!(caught.is_err());
    assert_eq!(
        (service.executions(), service.recorded().as_str()),
        (2, "2 failed")
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stack_runs_nothing_more_and_gives_the_slot_back() {
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(3s)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    // Dropped in an attempt, and dropped in the wait after one.
    for (script, patience, recorded) in [
        (Hangs, 2 * SECOND, "1 abandoned"),
        (Fails, SECOND / 2, "1 failed"),
    ] {
        let service = Service::unguarded(&[script]);
        assert!(
            tokio::time::timeout(patience, call(&service))
                .await
                .is_err()
        );
        sleep(100 * SECOND).await;
        assert_eq!(
            (service.executions(), service.recorded().as_str()),
            (1, recorded)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_stack_is_per_call_and_the_circuit_is_not() {
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(3s)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::unguarded(&[Fails]);
    let start = Instant::now();
    let (one, other) = tokio::join!(call(&service), async {
        sleep(SECOND / 2).await;
        call(&service).await
    });
    assert_eq!(
        (word(&one), word(&other), start.elapsed()),
        ("down", "down", SECOND * 3 / 2)
    );
    assert_eq!(
        (service.executions(), service.recorded().as_str()),
        (4, "4 failed")
    );
}
