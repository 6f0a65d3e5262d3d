//! The bulkhead as a layer keeps the contract of tower and its limit.

use std::{io, task::Poll, time::Duration};

use resilience::{Bulkhead, BulkheadConfig, BulkheadFull, Refusal, RefusalKind, is_refusal};
use resilience_tower::{BoxError, BulkheadLayer, BulkheadService};
use tower::{Service, ServiceExt};
use tower_layer::Layer;
use tower_test::{
    assert_request_eq,
    mock::{self, Mock, Spawn},
};

type Handle = mock::Handle<&'static str, u16>;
type Spawned = Spawn<BulkheadService<Mock<&'static str, u16>>>;

/// A bulkhead of one slot before a mock.
fn spawn(max_wait: Duration) -> (Bulkhead, Spawned, Handle) {
    let bulkhead = Bulkhead::new("mock", BulkheadConfig::new(1).max_wait(max_wait));
    let layer = BulkheadLayer::new(bulkhead.clone());
    let (service, handle) = mock::spawn_with(|mock| layer.layer(mock));
    (bulkhead, service, handle)
}

#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_without_a_wait_refuses_the_call_and_not_the_service() {
    let (bulkhead, mut service, mut handle) = spawn(Duration::ZERO);
    assert!(service.poll_ready().is_ready());
    let first = service.call("first");

    assert!(service.poll_ready().is_ready(), "the service is of use");
    let error = service.call("second").await.unwrap_err();
    assert!(is_refusal(&*error));
    assert_eq!(
        Refusal::of(&*error).map(Refusal::kind),
        Some(RefusalKind::BulkheadFull)
    );
    assert_eq!(
        error
            .downcast_ref::<BulkheadFull>()
            .map(BulkheadFull::limit),
        Some(1)
    );

    assert_request_eq!(handle, "first").send_response(200);
    assert_eq!(first.await.unwrap(), 200);
    let stats = bulkhead.stats();
    assert_eq!((stats.admitted, stats.refused, stats.in_use), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn with_a_wait_readiness_is_back_pressure() {
    let (_, service, mut handle) = spawn(Duration::MAX);
    let mut second = Spawn::new(service.get_ref().clone());
    let mut first = service;
    assert!(first.poll_ready().is_ready());
    let response = first.call("first");

    assert!(second.poll_ready().is_pending());
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert!(second.poll_ready().is_pending());
    assert_request_eq!(handle, "first").send_response(200);
    assert_eq!(response.await.unwrap(), 200);
    assert!(second.is_woken());
    assert!(second.poll_ready().is_ready());
    let response = second.call("second");
    assert_request_eq!(handle, "second").send_response(201);
    assert_eq!(response.await.unwrap(), 201);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_without_a_slot_refuses_the_call() {
    let (bulkhead, service, _handle) = spawn(Duration::from_secs(1));
    let mut second = Spawn::new(service.get_ref().clone());
    let mut first = service;
    assert!(first.poll_ready().is_ready());
    let _response = first.call("first");

    assert!(second.poll_ready().is_pending());
    tokio::time::advance(Duration::from_millis(1001)).await;
    assert!(second.is_woken());
    assert!(second.poll_ready().is_ready());
    assert!(second.poll_ready().is_ready(), "ready until the call");
    let error = second.call("second").await.unwrap_err();
    let waited = error
        .downcast_ref::<BulkheadFull>()
        .map(BulkheadFull::waited);
    assert!(waited >= Some(Duration::from_secs(1)));
    assert_eq!(bulkhead.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_is_for_one_call_and_ends_with_the_service() {
    let (bulkhead, mut service, _handle) = spawn(Duration::ZERO);
    for _ in 0..3 {
        assert!(service.poll_ready().is_ready());
    }
    assert_eq!(bulkhead.stats().in_use, 1, "asked three times, one slot");
    drop(service);
    assert_eq!(bulkhead.stats().in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_clone_does_not_share_the_reservation() {
    let (bulkhead, mut service, _handle) = spawn(Duration::ZERO);
    assert!(service.poll_ready().is_ready());
    let mut clone = Spawn::new(service.get_ref().clone());
    assert!(clone.poll_ready().is_ready());
    let error = clone.call("refused").await.unwrap_err();
    assert!(is_refusal(&*error));
    drop(clone);
    assert_eq!(bulkhead.stats().in_use, 1, "the slot is the first one's");
    let _response = service.call("admitted");
    assert_eq!(bulkhead.stats().in_use, 1);
}

#[tokio::test]
#[should_panic(expected = "`poll_ready` has to be ready before `call`")]
async fn a_call_without_readiness_panics() {
    let (_, service, _handle) = spawn(Duration::ZERO);
    drop(service.into_inner().call("request"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_frees_its_slot() {
    let (bulkhead, mut service, _handle) = spawn(Duration::ZERO);
    for is_polled in [false, true] {
        assert!(service.poll_ready().is_ready());
        let mut response = tokio_test::task::spawn(service.call("request"));
        if is_polled {
            assert!(response.poll().is_pending());
        }
        assert_eq!(bulkhead.stats().in_use, 1);
        drop(response);
        assert_eq!(bulkhead.stats().in_use, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_done_frees_its_slot_although_its_future_is_kept() {
    let (bulkhead, mut service, mut handle) = spawn(Duration::ZERO);
    assert!(service.poll_ready().is_ready());
    let mut response = tokio_test::task::spawn(service.call("request"));
    assert_request_eq!(handle, "request").send_response(200);
    assert!(matches!(response.poll(), Poll::Ready(Ok(200))));
    assert_eq!(bulkhead.stats().in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_dropped_leaves_the_queue() {
    let (bulkhead, service, _handle) = spawn(Duration::MAX);
    let mut second = Spawn::new(service.get_ref().clone());
    let mut first = service;
    assert!(first.poll_ready().is_ready());
    assert!(second.poll_ready().is_pending());
    assert_eq!(bulkhead.stats().waiting, 1);
    drop(second);
    assert_eq!(bulkhead.stats().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn the_service_inside_is_asked_once_a_slot_is_reserved() {
    let (bulkhead, mut service, mut handle) = spawn(Duration::ZERO);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    assert_eq!(bulkhead.stats().in_use, 1);
    handle.allow(1);
    assert!(service.is_woken());
    assert!(service.poll_ready().is_ready());
    assert_eq!(bulkhead.stats().in_use, 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_passes_through() {
    let (_, mut service, mut handle) = spawn(Duration::ZERO);
    assert!(service.poll_ready().is_ready());
    let response = service.call("request");
    assert_request_eq!(handle, "request").send_error(io::Error::other("connection reset"));
    assert!(response.await.unwrap_err().is::<io::Error>());
}

#[tokio::test(start_paused = true)]
async fn many_tasks_never_exceed_the_limit_and_all_are_served() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static RUNNING: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    let config = BulkheadConfig::new(5).max_wait(Duration::MAX);
    let layer = BulkheadLayer::new(Bulkhead::new("many", config));
    let service = layer.layer(tower::service_fn(async |millis: u64| {
        MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        Ok::<_, BoxError>(millis)
    }));
    let calls: Vec<_> = (0..200)
        .map(|number| tokio::spawn(service.clone().oneshot(number % 7)))
        .collect();
    for (number, call) in (0..).zip(calls) {
        assert_eq!(call.await.unwrap().unwrap(), number % 7);
    }
    assert_eq!(MOST.load(Ordering::SeqCst), 5);
}

#[test]
fn service_and_future_are_as_portable_as_those_inside() {
    fn portable<T: Send + Sync + Clone + 'static>(_: &T) {}
    let layer = BulkheadLayer::new(Bulkhead::new("portable", BulkheadConfig::new(1)));
    portable(&layer);
    portable(&layer.layer(tower::service_fn(async |()| Ok::<_, BoxError>(()))));
}
