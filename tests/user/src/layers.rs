//! The layers of tower.

use resilience::CircuitBreaker;

use crate::bulkheads::POOL;
use crate::circuits::CIRCUIT;
use crate::retries::BUDGETED;

/// A service that answers a request with the request.
#[derive(Clone)]
struct Echo;

impl tower_service::Service<u32> for Echo {
    type Response = u32;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<u32, Self::Error>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        std::future::ready(Ok(request))
    }
}

pub(crate) async fn run() {
    use resilience_tower::{BulkheadLayer, CircuitBreakerLayer, RetryLayer};
    use tower_layer::Layer;
    use tower_service::Service;

    let circuit = CircuitBreaker::new("layers", CIRCUIT);
    let bulkhead = resilience::Bulkhead::new("layers", POOL);
    let service = BulkheadLayer::new(bulkhead).layer(Echo);
    let service = CircuitBreakerLayer::new(circuit)
        .failure_if_ok(|answer: &u32| *answer == 0)
        .layer(service);
    let mut service = RetryLayer::new("layers", BUDGETED).layer(service);
    let ready = std::future::poll_fn(|cx| service.poll_ready(cx)).await;
    assert!(ready.is_ok());
    assert_eq!(service.call(3).await.ok(), Some(3));
}
