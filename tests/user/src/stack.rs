//! Three attributes on one function.

use resilience::{CircuitState, circuit_breaker, retry, timeout};

use crate::circuits::state;
use crate::service::{Error, Service};

#[retry(max_retries = 5, base_delay = 1ms)]
#[circuit_breaker(name = "stack", failure_threshold = 2)]
#[timeout(1m)]
pub(crate) async fn stacked(service: &Service) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    service.answer()
}

pub(crate) async fn run() {
    assert!(stacked(&Service::busy(9)).await.is_err());
    assert_eq!(state("stack"), Some(CircuitState::Open));
}

/// Does the same as a test of the service.
#[cfg(feature = "test-util")]
pub(crate) async fn injected() {
    let scope = resilience::testing::scope();
    let open = scope.circuit("stack").force(CircuitState::Open);
    assert!(stacked(&Service::default()).await.is_err());
    drop(open);
    assert!(stacked(&Service::default()).await.is_ok());
    assert_eq!(
        resilience::registry::stats("stack").map(|stats| stats.refused),
        Some(1)
    );
}
