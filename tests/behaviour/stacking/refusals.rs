//! The refusal of an open circuit is retried only if `retry_on(…)` matches it or
//! `retry_refused = true` asks for it, and a circuit around it ignores it unless `failure_on(…)`
//! matches it.

use std::io;
use std::sync::Arc;

use resilience::{CircuitBreaker, CircuitBreakerConfig, circuit_breaker, registry, retry, timeout};
use tokio::time::Instant;

use super::Step::{Fails, Succeeds};
use super::{ApiError, SECOND, Service, word};

/// A service with a circuit that refuses until it is told otherwise.
fn isolated() -> Service {
    let service = Service::new(&[Succeeds]);
    service.breaker.isolate();
    service
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_asks_for_refusals_waits_for_the_circuit_to_recover() {
    #[retry(max_retries = 5, base_delay = 10s, strategy = constant, jitter = none, retry_on(ApiError::Open(_)))]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn pattern(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 5, base_delay = 10s, strategy = constant, jitter = none, retry_refused = true)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn option(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    async fn recovers(call: impl AsyncFnOnce(&Service) -> Result<(), ApiError>) {
        let (service, start) = (Service::new(&[Succeeds]), Instant::now());
        service.breaker.trip();
        assert_eq!(call(&service).await, Ok(()));
        // Refused at 0, 10 and 20 s; the probe at 30 s succeeds.
        assert_eq!(
            (service.recorded().as_str(), start.elapsed()),
            ("1 succeeded, 3 refused", 30 * SECOND)
        );
    }
    recovers(pattern).await;
    recovers(option).await;
}

#[tokio::test(start_paused = true)]
async fn the_refusal_may_say_itself_when_to_come_back() {
    #[retry(
        retry_on(ApiError::Open(_)),
        delay_hint = |error| match error {
            ApiError::Open(open) => open.retry_after(),
            _ => None,
        },
        jitter = none
    )]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let (service, start) = (Service::new(&[Succeeds]), Instant::now());
    service.breaker.trip();
    assert_eq!(call(&service).await, Ok(()));
    assert_eq!(
        (service.recorded().as_str(), start.elapsed()),
        ("1 succeeded, 1 refused", 30 * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_does_not_ask_for_refusals_ends_with_one() {
    #[retry(retry_on(ApiError::Down))]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn pattern(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(retry_if = |_| true)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn function(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(retry_on(_), abort_on(ApiError::Open(_)))]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn aborted(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = isolated();
    for refused in 1..=3 {
        let outcome = match refused {
            1 => pattern(&service).await,
            2 => function(&service).await,
            _ => aborted(&service).await,
        };
        assert_eq!(
            (word(&outcome), service.breaker.stats().refused),
            ("open", refused)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn abort_on_alone_does_not_ask_for_refusals() {
    #[retry(base_delay = 1s, jitter = none, abort_on(ApiError::Late(_)))]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = isolated();
    assert_eq!(
        (word(&call(&service).await), service.recorded().as_str()),
        ("open", "1 refused")
    );
    // Other errors are retried until two failures open the circuit.
    let service = Service::new(&[Fails]);
    assert_eq!(
        (word(&call(&service).await), service.recorded().as_str()),
        ("down", "2 failed")
    );
}

#[test]
fn a_sync_stack_decides_the_same() {
    #[retry(base_delay = 0s)]
    #[circuit_breaker(breaker = &service.breaker)]
    fn no_filter(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    #[retry(base_delay = 0s, retry_on(_))]
    #[circuit_breaker(breaker = &service.breaker)]
    fn every_error(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    #[retry(base_delay = 0s, abort_on(ApiError::Down))]
    #[circuit_breaker(breaker = &service.breaker)]
    fn abort_on(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    for (call, refused) in [
        (no_filter as fn(&Service) -> _, 1),
        (every_error, 4),
        (abort_on, 1),
    ] {
        let service = isolated();
        assert_eq!(
            (word(&call(&service)), service.breaker.stats().refused),
            ("open", refused)
        );
    }
}

#[test]
fn a_refusal_on_a_worker_is_known_to_the_retry_outside() {
    #[retry(base_delay = 0s)]
    #[timeout(1h)]
    #[circuit_breaker(breaker = &service.breaker)]
    fn no_filter(service: Arc<Service>) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    #[retry(base_delay = 0s, retry_on(ApiError::Open(_)))]
    #[timeout(1h)]
    #[circuit_breaker(breaker = &service.breaker)]
    fn accepted(service: Arc<Service>) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    for (call, refused) in [(no_filter as fn(Arc<Service>) -> _, 1), (accepted, 4)] {
        let service = Arc::new(isolated());
        assert_eq!(
            (
                word(&call(Arc::clone(&service))),
                service.breaker.stats().refused
            ),
            ("open", refused)
        );
    }
}

/// The error type has lost the refusal, and still no attempt is wasted.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_known_by_its_origin_and_not_by_its_type() {
    const NAME: &str = "refusals::origin";
    registry::get_or_register(NAME, CircuitBreakerConfig::new()).isolate();
    #[retry]
    #[circuit_breaker(name = NAME)]
    async fn io() -> io::Result<()> {
        Ok(())
    }
    #[retry]
    #[timeout(1s, error = "late")]
    #[circuit_breaker(name = NAME, error = "refused")]
    async fn text() -> Result<(), &'static str> {
        Ok(())
    }
    assert!(io().await.is_err());
    assert_eq!(text().await, Err("refused"));
    assert_eq!(registry::stats(NAME).map(|stats| stats.refused), Some(2));
}

#[tokio::test(start_paused = true)]
async fn two_retries_outside_of_one_circuit_both_stop() {
    #[retry]
    #[retry]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn neither(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 2, retry_on(_))]
    #[retry(max_retries = 5)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn outer_asks(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 5)]
    #[retry(max_retries = 2, retry_on(_))]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn inner_asks(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = isolated();
    assert_eq!(
        (
            word(&neither(&service).await),
            service.breaker.stats().refused
        ),
        ("open", 1)
    );
    assert_eq!(
        (
            word(&outer_asks(&service).await),
            service.breaker.stats().refused
        ),
        ("open", 1 + 3)
    );
    assert_eq!(
        (
            word(&inner_asks(&service).await),
            service.breaker.stats().refused
        ),
        ("open", 4 + 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_inside_of_the_circuit_meets_no_refusal() {
    #[circuit_breaker(breaker = &service.breaker)]
    #[retry(max_retries = 2)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = isolated();
    assert_eq!(
        (word(&call(&service).await), service.executions()),
        ("open", 0)
    );
    service.breaker.reset();
    assert_eq!(
        (word(&call(&service).await), service.executions()),
        ("ok", 1)
    );
}

/// With a fallback a refusal makes no error. The fallback's outcome is an answer like any other.
#[tokio::test(start_paused = true)]
async fn the_error_of_a_fallback_is_no_refusal() {
    #[retry(max_retries = 2)]
    #[circuit_breaker(breaker = &service.breaker, fallback = |_| async { Err(ApiError::Down) })]
    async fn fails(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 2)]
    #[circuit_breaker(breaker = &service.breaker, fallback = |_| async { Ok(()) })]
    async fn answers(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = isolated();
    assert_eq!(
        (word(&answers(&service).await), service.recorded().as_str()),
        ("ok", "1 refused")
    );
    assert_eq!(
        (word(&fails(&service).await), service.recorded().as_str()),
        ("down", "4 refused")
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_not_begun_after_which_the_own_circuit_would_still_refuse() {
    #[retry(base_delay = 10s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn no_filter(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(base_delay = 10s, jitter = none, retry_on(ApiError::Down))]
    #[timeout(1m)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn another_pattern(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(base_delay = 10s, jitter = none, retry_if = |_| true)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn function(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    async fn ends(call: impl AsyncFnOnce(&Service) -> Result<(), ApiError>) {
        let (service, start) = (Service::new(&[Fails]), Instant::now());
        assert_eq!(
            call(&service).await,
            Err(ApiError::Down),
            "the cause and no refusal"
        );
        assert_eq!(
            (service.recorded().as_str(), start.elapsed()),
            ("2 failed", 10 * SECOND)
        );
    }
    ends(no_filter).await;
    ends(another_pattern).await;
    ends(function).await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_outlasts_the_open_time_is_begun() {
    #[retry(max_retries = 2, base_delay = 30s, strategy = constant, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::new(&[Fails, Fails, Succeeds]);
    assert_eq!(call(&service).await, Ok(()));
    assert_eq!(service.recorded(), "1 succeeded, 2 failed");
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_asks_for_refusals_begins_the_wait() {
    #[retry(max_retries = 9, base_delay = 10s, strategy = constant, jitter = none, retry_on(_))]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn pattern(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 9, base_delay = 10s, strategy = constant, jitter = none, retry_refused = true)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn option(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    async fn recovers(call: impl AsyncFnOnce(&Service) -> Result<(), ApiError>) {
        let service = Service::new(&[Fails, Fails, Succeeds]);
        assert_eq!(call(&service).await, Ok(()));
        // It opens at 10 s and refuses at 20 and 30 s.
        assert_eq!(service.recorded(), "1 succeeded, 2 failed, 2 refused");
    }
    recovers(pattern).await;
    recovers(option).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_with_a_fallback_between_itself_and_the_circuit_begins_the_wait() {
    #[retry(max_retries = 2, base_delay = 10s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker, fallback = |_| async { Ok(()) })]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::new(&[Fails]);
    assert_eq!(
        call(&service).await,
        Ok(()),
        "the fallback answers the third attempt"
    );
    assert_eq!(service.recorded(), "2 failed, 1 refused");
}

/// Another caller opens the circuit during the wait.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_an_error_of_the_body_ends_with_that_error() {
    #[retry(base_delay = 10s, jitter = none, on_retry = |_| service.breaker.isolate())]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn told(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(base_delay = 10s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::unguarded(&[Fails]);
    assert_eq!(told(&service).await, Err(ApiError::Down));
    assert_eq!(service.recorded(), "1 failed, 1 refused");

    let service = Service::unguarded(&[Fails]);
    let (outcome, ()) = tokio::join!(call(&service), async {
        tokio::time::sleep(5 * SECOND).await;
        service.breaker.isolate();
    });
    assert_eq!(outcome, Err(ApiError::Down));
    assert_eq!(service.recorded(), "1 failed, 1 refused");
}

/// The outer retry must not take the inner one's error for the refusal that it stands for.
#[tokio::test(start_paused = true)]
async fn an_error_that_an_inner_retry_returns_instead_of_a_refusal_is_none() {
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[retry(base_delay = 1s, jitter = none, on_retry = |_| service.breaker.isolate())]
    #[timeout(1h, error = ApiError::Down)]
    #[circuit_breaker(breaker = &service.breaker)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::unguarded(&[Fails]);
    assert_eq!(call(&service).await, Err(ApiError::Down));
    // The outer retry sees that the circuit is isolated, and so does not wait for it.
    assert_eq!(service.recorded(), "1 failed, 1 refused");
}

#[tokio::test(start_paused = true)]
async fn a_circuit_ignores_the_refusals_that_pass_through_it_unless_a_pattern_matches_them() {
    fn outer() -> CircuitBreaker {
        CircuitBreaker::new("outer", CircuitBreakerConfig::new())
    }
    #[circuit_breaker(breaker = outer)]
    #[circuit_breaker(breaker = &inner.breaker)]
    async fn ignores(outer: &CircuitBreaker, inner: &Service) -> Result<(), ApiError> {
        inner.answer().await
    }
    #[circuit_breaker(breaker = outer, failure_on(ApiError::Open(_)))]
    #[circuit_breaker(breaker = &inner.breaker)]
    async fn counts(outer: &CircuitBreaker, inner: &Service) -> Result<(), ApiError> {
        inner.answer().await
    }
    #[circuit_breaker(breaker = outer, failure_if = |_| true)]
    #[circuit_breaker(breaker = &inner.breaker)]
    async fn does_not_decide(outer: &CircuitBreaker, inner: &Service) -> Result<(), ApiError> {
        inner.answer().await
    }
    let (inner, first, second, third) = (isolated(), outer(), outer(), outer());
    assert_eq!(word(&ignores(&first, &inner).await), "open");
    assert_eq!((first.stats().ignored, first.stats().failures), (1, 0));
    assert_eq!(word(&counts(&second, &inner).await), "open");
    assert_eq!((second.stats().ignored, second.stats().failures), (0, 1));
    assert_eq!(word(&does_not_decide(&third, &inner).await), "open");
    assert_eq!((third.stats().ignored, third.stats().failures), (1, 0));
}

/// The error type has lost the refusal.
#[test]
fn a_circuit_knows_the_refusals_of_its_own_stack_by_their_origin() {
    #[circuit_breaker(breaker = outer, error = "refused by the outer circuit")]
    #[circuit_breaker(breaker = &inner.breaker, error = "refused")]
    fn call(outer: &CircuitBreaker, inner: &Service) -> Result<(), &'static str> {
        inner.answer_blocking().map_err(|_| "down")
    }
    let outer = CircuitBreaker::new("outer", CircuitBreakerConfig::new());
    assert_eq!(call(&outer, &isolated()), Err("refused"));
    assert_eq!(call(&outer, &Service::new(&[Fails])), Err("down"));
    assert_eq!((outer.stats().ignored, outer.stats().failures), (1, 1));
}

/// A limit of zero is over before the body begins, whatever the machine does.
const USED_UP: std::time::Duration = std::time::Duration::ZERO;

#[test]
fn a_circuit_ignores_a_timeout_whose_body_never_began() {
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(limit)]
    fn typed(service: Arc<Service>, limit: std::time::Duration) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    // A pattern cannot tell it from a real timeout.
    #[circuit_breaker(breaker = &service.breaker, failure_on(_))]
    #[timeout(limit)]
    fn filtered(service: Arc<Service>, limit: std::time::Duration) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    #[circuit_breaker(breaker = &service.breaker, error = "refused")]
    #[timeout(limit, error = "late")]
    fn text(service: Arc<Service>, limit: std::time::Duration) -> Result<(), &'static str> {
        service.answer_blocking().map_err(|_| "down")
    }
    let ignored = |call: &dyn Fn(Arc<Service>) -> bool| {
        let service = Arc::new(Service::new(&[Succeeds]));
        assert!(call(Arc::clone(&service)));
        assert_eq!(
            (service.recorded().as_str(), service.executions()),
            ("1 ignored", 0)
        );
    };
    ignored(&|service| word(&typed(service, USED_UP)) == "late");
    ignored(&|service| word(&filtered(service, USED_UP)) == "late");
    ignored(&|service| text(service, USED_UP) == Err("late"));
}

#[test]
fn so_does_the_circuit_of_a_function_that_calls_the_timed_one() {
    #[timeout(limit)]
    fn timed(limit: std::time::Duration) -> io::Result<()> {
        unreachable!("no time is left of {limit:?}")
    }
    #[circuit_breaker(breaker = breaker)]
    fn outer(breaker: &CircuitBreaker) -> io::Result<()> {
        timed(USED_UP)
    }
    let breaker = CircuitBreaker::new("outer", CircuitBreakerConfig::new());
    assert_eq!(outer(&breaker).unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!((breaker.stats().ignored, breaker.stats().failures), (1, 0));
}

#[test]
fn a_retry_treats_it_as_any_timeout() {
    #[retry(max_retries = 2, base_delay = 0s, on_retry = |_| told.set(told.get() + 1))]
    fn call(told: &std::cell::Cell<u32>) -> io::Result<()> {
        #[timeout(limit)]
        fn timed(limit: std::time::Duration) -> io::Result<()> {
            unreachable!("no time is left of {limit:?}")
        }
        timed(USED_UP)
    }
    let told = std::cell::Cell::new(0);
    assert_eq!(call(&told).unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(told.get(), 2);
}

/// The retry makes the error of the refusal to find out whether its pattern matches it.
#[test]
fn the_pattern_sees_the_error_that_the_refusal_would_be() {
    #[retry(max_retries = 3, base_delay = 0s, clone(key), retry_on(text if text.contains("open")))]
    #[circuit_breaker(breaker = &service.breaker, error = |open| format!("{key}: {open}"))]
    fn asks(service: &Service, key: String) -> Result<String, String> {
        service
            .answer_blocking()
            .map_err(|_| "is open".to_owned())?;
        Ok(key)
    }
    #[retry(max_retries = 3, base_delay = 0s, clone(key), retry_on(text if text == "down"))]
    #[circuit_breaker(breaker = &service.breaker, error = |open| format!("{key}: {open}"))]
    fn does_not_ask(service: &Service, key: String) -> Result<String, String> {
        service.answer_blocking().map_err(|_| "down".to_owned())?;
        Ok(key)
    }
    let service = Service::new(&[Fails]);
    let last = asks(&service, "key".to_owned()).unwrap_err();
    assert!(last.starts_with("key: circuit `service` is open"), "{last}");
    assert_eq!(service.recorded(), "2 failed, 2 refused");
    let service = Service::new(&[Fails]);
    assert_eq!(
        does_not_ask(&service, "key".to_owned()).unwrap_err(),
        "down"
    );
    assert_eq!(service.recorded(), "2 failed");
}
