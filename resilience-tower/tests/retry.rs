//! The retry as a layer keeps the contract of tower and its budget.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, RetryBudget, RetryConfig, RetryHint, is_refusal,
};
use resilience_tower::{BoxError, CircuitBreakerLayer, RetryLayer};
use tokio::time::{Instant, advance};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_layer::Layer;
use tower_test::{assert_request_eq, mock};

/// Delays of one second.
const CONFIG: RetryConfig = RetryConfig::new()
    .max_retries(3)
    .multiplier(1.0)
    .jitter(resilience::Jitter::None);

type Mocked<T> = tower::util::BoxCloneService<T, u16, BoxError>;

fn mocked(
    layer: &RetryLayer<&'static str, u16>,
) -> (Mocked<&'static str>, mock::Handle<&'static str, u16>) {
    let (service, handle) = mock::pair();
    (Mocked::new(layer.layer(service)), handle)
}

fn failing_from_500() -> RetryLayer<&'static str, u16> {
    RetryLayer::new("mock", CONFIG).failure_if_ok(|status: &u16| *status >= 500)
}

#[tokio::test(start_paused = true)]
async fn responses_and_errors_are_retried_and_the_last_attempt_sends_the_request_itself() {
    /// A request that counts its clones.
    struct Counted(Arc<AtomicU32>);
    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::SeqCst);
            Self(Arc::clone(&self.0))
        }
    }
    let clones = Arc::new(AtomicU32::new(0));
    let calls = AtomicU32::new(0);
    let calls: &'static AtomicU32 = Box::leak(Box::new(calls));
    let mut service = ServiceBuilder::new()
        .layer(RetryLayer::new("counted", CONFIG).failure_if_ok(|status: &u16| *status >= 500))
        .service_fn(
            async |_: Counted| match calls.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(503),
                1 => Err(io::Error::other("connection reset")),
                _ => Ok(500),
            },
        );
    let start = Instant::now();
    let last = service
        .ready()
        .await
        .unwrap()
        .call(Counted(Arc::clone(&clones)))
        .await;
    assert_eq!(last.unwrap(), 500, "the last response as it was");
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    assert_eq!(clones.load(Ordering::SeqCst), 3);
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_waits_until_the_service_is_ready() {
    let (mut service, mut handle) = mocked(&failing_from_500());
    handle.allow(1);
    let mut call = tokio_test::task::spawn(service.ready().await.unwrap().call("request"));
    assert!(call.poll().is_pending());
    assert_request_eq!(handle, "request").send_response(503);
    assert!(call.poll().is_pending());
    advance(Duration::from_secs(2)).await;
    assert!(call.poll().is_pending(), "the second attempt is not ready");
    let mut request = tokio_test::task::spawn(handle.next_request());
    assert!(request.poll().is_pending(), "and makes no call");
    drop(request);
    handle.allow(1);
    assert!(call.is_woken());
    assert!(call.poll().is_pending());
    assert_request_eq!(handle, "request").send_response(200);
    assert_eq!(call.await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_breaks_between_two_attempts_is_the_error_of_the_call() {
    let (mut service, mut handle) = mocked(&failing_from_500().retry_if(|_| false));
    let mut call = tokio_test::task::spawn(service.ready().await.unwrap().call("request"));
    assert!(call.poll().is_pending());
    assert_request_eq!(handle, "request").send_response(503);
    handle.send_error("closed");
    let error = call.await.unwrap_err();
    assert_eq!(error.to_string(), "closed");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_may_not_be_repeated_is_sent_once() {
    let layer = failing_from_500().repeat_if(|request: &&str| *request == "GET");
    let (service, mut handle) = mocked(&layer);
    let call = tokio::spawn(service.clone().oneshot("POST"));
    assert_request_eq!(handle, "POST").send_response(503);
    assert_eq!(call.await.unwrap().unwrap(), 503);
    let call = tokio::spawn(service.oneshot("GET"));
    assert_request_eq!(handle, "GET").send_response(503);
    assert_request_eq!(handle, "GET").send_response(200);
    assert_eq!(call.await.unwrap().unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_the_filter_does_not_accept_is_returned_as_it_is() {
    let (service, mut handle) =
        mocked(&failing_from_500().retry_if(|error| !error.is::<io::Error>()));
    let call = tokio::spawn(service.oneshot("request"));
    assert_request_eq!(handle, "request").send_error("again");
    assert_request_eq!(handle, "request").send_error(io::Error::other("denied"));
    assert!(call.await.unwrap().unwrap_err().is::<io::Error>());
}

#[tokio::test(start_paused = true)]
async fn the_word_of_the_server_is_the_delay() {
    let layer = failing_from_500().delay_hint(|status: &u16| match status {
        503 => RetryHint::After(Duration::from_secs(20)),
        _ => RetryHint::Never,
    });
    let (service, mut handle) = mocked(&layer);
    let start = Instant::now();
    let call = tokio::spawn(service.oneshot("request"));
    assert_request_eq!(handle, "request").send_response(503);
    assert_request_eq!(handle, "request").send_response(500);
    assert_eq!(call.await.unwrap().unwrap(), 500);
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_budget_bounds_the_retries_of_all_calls() {
    static BUDGET: RetryBudget = RetryBudget::new()
        .name("tower::budget")
        .ratio(0.2)
        .min_per_second(0);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let layer = RetryLayer::new("budget", CONFIG.base_delay(Duration::ZERO).budget(&BUDGET))
        .failure_if_ok(|status: &u16| *status >= 500);
    let service = layer.layer(tower::service_fn(async |()| {
        CALLS.fetch_add(1, Ordering::SeqCst);
        Ok::<u16, BoxError>(503)
    }));
    for _ in 0..100 {
        assert_eq!(service.clone().oneshot(()).await.unwrap(), 503);
    }
    assert_eq!(CALLS.load(Ordering::SeqCst), 120);
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries), (100, 20));
    assert!(stats.refused >= 80);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_retried_only_if_the_configuration_asks_for_it() {
    let circuit = CircuitBreaker::new("refusing", CircuitBreakerConfig::new());
    circuit.isolate();
    let refused = |config: RetryConfig| {
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new("refused", config))
            .layer(CircuitBreakerLayer::new(circuit.clone()))
            .service_fn(async |()| Ok::<u16, BoxError>(200));
        let circuit = circuit.clone();
        async move {
            let before = circuit.stats().refused;
            assert!(is_refusal(&*service.oneshot(()).await.unwrap_err()));
            circuit.stats().refused - before
        }
    };
    assert_eq!(refused(CONFIG).await, 1);
    assert_eq!(refused(CONFIG.retry_refused(true)).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_failure_leaves_the_failure_to_the_caller() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let config = CircuitBreakerConfig::new().failure_threshold(1);
    let circuit = CircuitBreaker::new("opening", config);
    let is_failure = |status: &u16| *status >= 500;
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new("opening", CONFIG).failure_if_ok(is_failure))
        .layer(CircuitBreakerLayer::new(circuit.clone()).failure_if_ok(is_failure))
        .service_fn(async |()| {
            CALLS.fetch_add(1, Ordering::SeqCst);
            Ok::<u16, BoxError>(503)
        });
    assert_eq!(service.clone().oneshot(()).await.unwrap(), 503);
    assert_eq!(
        (CALLS.load(Ordering::SeqCst), circuit.stats().refused),
        (1, 1)
    );
    let error = service.oneshot(()).await.unwrap_err();
    assert!(is_refusal(&*error), "this call has seen nothing else");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_makes_no_further_attempt() {
    let (mut service, mut handle) = mocked(&failing_from_500());
    let mut call = tokio_test::task::spawn(service.ready().await.unwrap().call("request"));
    assert!(call.poll().is_pending());
    assert_request_eq!(handle, "request").send_response(503);
    assert!(call.poll().is_pending());
    drop((call, service));
    advance(Duration::from_secs(60)).await;
    assert!(handle.next_request().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_retried_has_given_its_slot_back() {
    use resilience::{Bulkhead, BulkheadConfig};
    use resilience_tower::BulkheadLayer;
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let bulkhead = Bulkhead::new("slots", BulkheadConfig::new(1));
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new("slots", CONFIG).failure_if_ok(|status: &u16| *status >= 500))
        .layer(BulkheadLayer::new(bulkhead.clone()))
        .service_fn(async |()| {
            let status = if CALLS.fetch_add(1, Ordering::SeqCst) < 2 {
                503
            } else {
                200
            };
            Ok::<u16, BoxError>(status)
        });
    assert_eq!(service.oneshot(()).await.unwrap(), 200);
    let stats = bulkhead.stats();
    assert_eq!((stats.admitted, stats.refused, stats.in_use), (3, 0, 0));
}

#[test]
fn service_is_as_portable_as_the_one_inside_and_its_future_moves_between_threads() {
    fn portable<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sent<T: Send + 'static>(_: &T) {}
    let layer = RetryLayer::new("portable", CONFIG);
    portable(&layer);
    let mut service = layer.layer(tower::service_fn(async |()| Ok::<_, BoxError>(())));
    portable(&service);
    sent(&service.call(()));
}
