//! The circuit as a layer keeps the contract of tower and the promises of a circuit.

use std::{
    future::poll_fn,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState, Refusal, RefusalKind,
    fleet::{Coordinator, ProbeAnswer, ProbeRequest, StoreContact, Trip, Verdict},
    is_refusal,
};
use resilience_tower::{BoxError, CircuitBreakerLayer, CircuitBreakerService};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_layer::Layer;
use tower_test::{
    assert_request_eq,
    mock::{self, Mock, Spawn},
};

type Handle = mock::Handle<&'static str, u16>;
type Spawned = Spawn<CircuitBreakerService<Mock<&'static str, u16>, u16>>;

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .recovery_timeout(Duration::from_secs(30))
    .success_threshold(1);

/// A circuit that opens at the first failure, before a mock. A status from 500 on is a failure.
fn spawn() -> (CircuitBreaker, Spawned, Handle) {
    let circuit = CircuitBreaker::new("mock", CONFIG);
    let layer =
        CircuitBreakerLayer::new(circuit.clone()).failure_if_ok(|status: &u16| *status >= 500);
    let (service, handle) = mock::spawn_with(|mock| layer.layer(mock));
    (circuit, service, handle)
}

/// Calls the service, and answers the request of the mock with the status.
async fn answered(service: &mut Spawned, handle: &mut Handle, status: u16) -> u16 {
    assert!(service.poll_ready().is_ready());
    let response = service.call("request");
    assert_request_eq!(handle, "request").send_response(status);
    response.await.expect("the mock answers")
}

#[tokio::test(start_paused = true)]
async fn a_failing_response_opens_the_circuit_and_reaches_the_caller() {
    let (circuit, mut service, mut handle) = spawn();
    assert_eq!(answered(&mut service, &mut handle, 404).await, 404);
    assert_eq!(circuit.state(), CircuitState::Closed);
    assert_eq!(answered(&mut service, &mut handle, 503).await, 503);
    assert_eq!(circuit.state(), CircuitState::Open);

    assert!(service.poll_ready().is_ready());
    let error = service.call("refused").await.unwrap_err();
    assert!(is_refusal(&*error));
    assert_eq!(
        Refusal::of(&*error).map(Refusal::kind),
        Some(RefusalKind::CircuitOpen)
    );
    assert_eq!(
        error.downcast_ref::<CircuitOpen>().map(CircuitOpen::name),
        Some("mock")
    );
    let stats = circuit.stats();
    assert_eq!((stats.successes, stats.failures, stats.refused), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_probes_after_its_time_and_closes() {
    let (circuit, mut service, mut handle) = spawn();
    answered(&mut service, &mut handle, 500).await;
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(answered(&mut service, &mut handle, 200).await, 200);
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_passes_through_and_is_the_reason_of_the_opening() {
    let (circuit, mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    let response = service.call("request");
    assert_request_eq!(handle, "request").send_error(io::Error::other("connection reset"));
    let error = response.await.unwrap_err();
    assert!(error.is::<io::Error>(), "the error is the same one");
    assert_eq!(
        circuit.stats().last_error.as_deref(),
        Some("connection reset")
    );
}

#[tokio::test(start_paused = true)]
async fn filters_decide_over_errors() {
    let circuit = CircuitBreaker::new("filters", CONFIG);
    let layer = CircuitBreakerLayer::<u16>::new(circuit.clone())
        .failure_if(|error| error.to_string() == "down")
        .ignore_if(|error| error.to_string() == "busy");
    let mut service = ServiceBuilder::new()
        .layer(layer)
        .service_fn(async |text: &'static str| Err::<u16, _>(io::Error::other(text)));
    for text in ["busy", "not found", "down"] {
        service.ready().await.unwrap().call(text).await.unwrap_err();
    }
    let stats = circuit.stats();
    assert_eq!((stats.ignored, stats.successes, stats.failures), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_inner_service_is_asked_before_each_call_and_its_back_pressure_reaches_the_caller() {
    let (_, mut service, mut handle) = spawn();
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.is_woken());
    assert_eq!(answered(&mut service, &mut handle, 200).await, 200);
}

#[tokio::test(start_paused = true)]
async fn callers_of_an_open_circuit_do_not_wait_for_an_overloaded_service() {
    let (circuit, mut service, mut handle) = spawn();
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    circuit.trip();
    assert!(
        service.poll_ready().is_ready(),
        "the call is refused without the service"
    );

    // The circuit recovers between the two, and the service is still not ready.
    circuit.reset();
    let error = service.call("refused").await.unwrap_err();
    assert!(is_refusal(&*error));
    assert!(
        service.poll_ready().is_pending(),
        "the refusal was for one call"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_leaves_the_readiness_of_the_service_to_the_next_one() {
    let (circuit, mut service, mut handle) = spawn();
    assert!(service.poll_ready().is_ready());
    // The circuit opens between `poll_ready` and `call`.
    circuit.trip();
    assert!(is_refusal(&*service.call("refused").await.unwrap_err()));
    circuit.reset();
    assert_eq!(answered(&mut service, &mut handle, 200).await, 200);
}

#[tokio::test(start_paused = true)]
async fn asking_for_readiness_takes_no_permit() {
    let (circuit, mut service, mut handle) = spawn();
    answered(&mut service, &mut handle, 500).await;
    tokio::time::advance(Duration::from_secs(31)).await;
    assert!(service.poll_ready().is_ready());
    let probe = circuit.acquire();
    assert!(probe.is_ok(), "the only probe slot is free");
    drop((probe, service));
    assert_eq!(circuit.stats().abandoned, 1, "the probe above");
}

#[tokio::test(start_paused = true)]
async fn a_clone_is_asked_for_its_own_readiness() {
    let (circuit, service, mut handle) = spawn();
    let mut service = service.into_inner();
    circuit.trip();
    poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    let mut clone = service.clone();
    circuit.reset();
    assert!(is_refusal(&*service.call("refused").await.unwrap_err()));

    poll_fn(|cx| clone.poll_ready(cx)).await.unwrap();
    let response = clone.call("request");
    assert_request_eq!(handle, "request").send_response(200);
    assert_eq!(
        response.await.unwrap(),
        200,
        "the clone has no refusal of its own"
    );
    assert_eq!(circuit.stats().successes, 1, "the circuit is shared");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_abandoned_and_gives_its_probe_slot_back() {
    let (circuit, mut service, mut handle) = spawn();
    answered(&mut service, &mut handle, 500).await;
    tokio::time::advance(Duration::from_secs(31)).await;
    for is_polled in [false, true] {
        assert!(service.poll_ready().is_ready());
        let mut response = tokio_test::task::spawn(service.call("request"));
        if is_polled {
            assert!(response.poll().is_pending());
        }
        drop(response);
    }
    assert_eq!(
        (circuit.stats().abandoned, circuit.state()),
        (2, CircuitState::HalfOpen)
    );
    assert!(circuit.acquire().is_ok(), "the probe slot is free");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_wherever_it_is_caught() {
    let circuit = CircuitBreaker::new("panics", CONFIG.failure_threshold(3));
    let layer = CircuitBreakerLayer::<()>::new(circuit.clone());
    let in_future = layer.layer(tower::service_fn(async |()| -> io::Result<()> {
        panic!("expected");
    }));
    let in_call = layer.layer(tower::service_fn(
        |()| -> std::future::Ready<io::Result<()>> { panic!("expected") },
    ));
    assert!(tokio::spawn(in_future.oneshot(())).await.is_err());
    assert!(tokio::spawn(in_call.oneshot(())).await.is_err());
    assert_eq!(
        (circuit.stats().failures, circuit.stats().abandoned),
        (2, 0)
    );
}

#[tokio::test]
async fn an_error_of_poll_ready_passes_through_and_counts_for_nothing() {
    #[derive(Clone)]
    struct Broken;
    impl Service<()> for Broken {
        type Response = ();
        type Error = io::Error;
        type Future = std::future::Ready<io::Result<()>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("closed")))
        }
        fn call(&mut self, (): ()) -> Self::Future {
            unreachable!("it is never ready")
        }
    }
    let circuit = CircuitBreaker::new("broken", CONFIG);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Broken);
    let Err(error) = service.ready().await else {
        panic!("the service is broken");
    };
    assert_eq!(error.to_string(), "closed");
    assert_eq!(
        (circuit.stats().failures, circuit.state()),
        (0, CircuitState::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_admits_all_calls_calls_a_service_that_is_ready() {
    let (circuit, mut service, mut handle) = spawn();
    circuit.trip();
    circuit.allow();
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert_eq!(answered(&mut service, &mut handle, 200).await, 200);
    let stats = circuit.stats();
    assert_eq!((stats.abandoned, stats.refused), (0, 0));
}

/// A service that panics if it is called without being ready.
#[derive(Default)]
struct Strict {
    is_ready: bool,
}

impl Service<()> for Strict {
    type Response = ();
    type Error = BoxError;
    type Future = std::future::Ready<Result<(), BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        assert!(
            std::mem::replace(&mut self.is_ready, false),
            "it was not asked"
        );
        std::future::ready(Ok(()))
    }
}

#[tokio::test]
async fn a_circuit_that_changes_at_any_moment_calls_only_a_service_that_is_ready() {
    const CALLS: u64 = 20_000;
    let circuit = CircuitBreaker::new("changing", CONFIG.recovery_timeout(Duration::from_nanos(1)));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Strict::default());
    let is_done = Arc::new(AtomicBool::new(false));
    let commands = std::thread::spawn({
        let (circuit, is_done) = (circuit.clone(), Arc::clone(&is_done));
        move || {
            while !is_done.load(Ordering::Relaxed) {
                circuit.trip();
                circuit.isolate();
                circuit.reset();
            }
        }
    });
    for _ in 0..CALLS {
        if let Err(error) = service.ready().await.unwrap().call(()).await {
            assert!(is_refusal(&*error));
        }
    }
    is_done.store(true, Ordering::Relaxed);
    commands.join().unwrap();
    let stats = circuit.stats();
    let admitted = stats.successes + stats.late;
    assert_eq!((admitted + stats.refused, stats.abandoned), (CALLS, 0));
}

/// A fleet that keeps the questions.
#[derive(Default)]
struct Others(Mutex<Vec<ProbeRequest>>);

impl Coordinator for Others {
    fn tripped(&self, _trip: Trip) {}
    fn asked(&self, request: ProbeRequest) {
        self.0.lock().expect("nothing panics").push(request);
    }
    fn probed(&self, _lease: u64, _verdict: Verdict) {}
}

/// A half-open circuit of a fleet before a mock.
async fn half_open_of_a_fleet() -> (CircuitBreaker, Spawned, Handle, Arc<Others>) {
    let (circuit, service, handle) = spawn();
    let others = Arc::new(Others::default());
    let contact = StoreContact::new("tower");
    contact.restored();
    circuit.coordinate(contact, Arc::clone(&others) as Arc<dyn Coordinator>);
    circuit.follow_open(Duration::from_secs(30));
    tokio::time::advance(Duration::from_secs(30)).await;
    (circuit, service, handle, others)
}

#[tokio::test(start_paused = true)]
async fn the_service_is_pending_while_the_fleet_is_asked_and_blocks_no_thread() {
    let (circuit, mut service, mut handle, others) = half_open_of_a_fleet().await;
    for answer in [ProbeAnswer::denied(Duration::ZERO), ProbeAnswer::granted(7)] {
        assert!(service.poll_ready().is_pending());
        assert!(!service.is_woken());
        let request = others.0.lock().expect("nothing panics").pop();
        request.expect("a question").answer(answer);
        assert!(service.is_woken());
        assert!(service.poll_ready().is_ready());
        let mut response = tokio_test::task::spawn(service.call("request"));
        if answer == ProbeAnswer::granted(7) {
            assert_request_eq!(handle, "request").send_response(200);
            assert_eq!(response.await.expect("a probe"), 200);
        } else {
            let Poll::Ready(Err(error)) = response.poll() else {
                panic!("refused")
            };
            assert!(error.is::<CircuitOpen>());
        }
    }
    assert_eq!(circuit.stats().successes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_ready_before_its_circuit_opened_does_not_block_its_call() {
    let (circuit, mut service, _handle, others) = half_open_of_a_fleet().await;
    circuit.follow_closed();
    assert!(service.poll_ready().is_ready());
    circuit.follow_open(Duration::ZERO);
    let error = service.call("request").await.unwrap_err();
    assert!(error.is::<CircuitOpen>());
    assert!(others.0.lock().expect("nothing panics").is_empty());
}

#[test]
fn service_and_future_are_as_portable_as_those_inside() {
    fn portable<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let circuit = CircuitBreaker::new("portable", CONFIG);
    let layer = CircuitBreakerLayer::new(circuit);
    portable(&layer);
    let mut service = layer.layer(tower::service_fn(async |()| Ok::<_, BoxError>(())));
    portable(&service);
    sent(&service.call(()));
}
