//! The allocations that the README promises for a call that succeeds at once.

use std::{future::Ready, task::Context, task::Waker};

use allocation_counter::measure;
use resilience::{Bulkhead, BulkheadConfig, CircuitBreaker, CircuitBreakerConfig, RetryConfig};
use resilience_tower::{BoxError, BulkheadLayer, CircuitBreakerLayer, RetryLayer};
use tower::{Service, service_fn};
use tower_layer::Layer;

/// Calls the service once before, so that what is made once is made.
fn allocations<S: Service<u32, Response = u32, Error = BoxError>>(mut service: S) -> u64 {
    call(&mut service);
    measure(|| call(&mut service)).count_total
}

fn call<S: Service<u32, Response = u32, Error = BoxError>>(service: &mut S) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut response = std::pin::pin!(service.call(7));
    assert!(response.as_mut().poll(&mut cx).is_ready());
}

fn echo(number: u32) -> Ready<Result<u32, BoxError>> {
    std::future::ready(Ok(number))
}

#[test]
fn circuit_and_bulkhead_allocate_nothing_and_the_retry_once() {
    let circuit = CircuitBreaker::new("allocations", CircuitBreakerConfig::new());
    let circuit = CircuitBreakerLayer::new(circuit).failure_if_ok(|number: &u32| *number == 0);
    assert_eq!(allocations(circuit.layer(service_fn(echo))), 0);

    let bulkhead = Bulkhead::new("allocations", BulkheadConfig::new(1));
    let bulkhead = BulkheadLayer::new(bulkhead);
    assert_eq!(allocations(bulkhead.layer(service_fn(echo))), 0);

    let retry = RetryLayer::new("allocations", RetryConfig::new());
    assert_eq!(allocations(retry.layer(service_fn(echo))), 1);
}
