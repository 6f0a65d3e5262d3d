//! A client with three layers of tower-resilience.

use super::peer::{HANGS, Http};
use std::sync::Arc;

// The program
use std::time::Duration;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};
use tower_resilience_retry::RetryLayer;
use tower_resilience_timelimiter::{TimeLimiterError, TimeLimiterLayer};

type StockError = CircuitBreakerError<TimeLimiterError<u16>>;

fn is_outage(error: &StockError) -> bool {
    match error {
        CircuitBreakerError::Inner(TimeLimiterError::Inner(status)) => matches!(status, 429 | 503),
        CircuitBreakerError::Inner(TimeLimiterError::Timeout) => true,
        _ => false,
    }
}

fn stock<S>(client: S) -> Result<impl Service<String, Response = u32, Error = StockError>, BoxError>
where
    S: Service<String, Response = u32, Error = u16> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let retry = RetryLayer::<String, u32, StockError>::builder()
        .max_attempts(4)
        .exponential_backoff(Duration::from_millis(100))
        .retry_on(is_outage)
        .build();
    let breaker = CircuitBreakerLayer::builder()
        .name("stock")
        .consecutive_failures(3)
        .wait_duration_in_open(Duration::from_secs(10))
        .build()?;
    let limit = TimeLimiterLayer::builder()
        .timeout_duration(Duration::from_secs(2))
        .build();
    Ok(ServiceBuilder::new()
        .layer(retry)
        .layer(breaker)
        .layer(limit)
        .service(client))
}
// End of the program

#[tokio::test(start_paused = true)]
async fn the_program_with_tower_resilience_does_what_its_page_says() {
    let http = Arc::new(Http::new(&[503, HANGS, 200, 404, 503]));
    let peer = Arc::clone(&http);
    let client = service_fn(move |sku: String| {
        let http = Arc::clone(&peer);
        async move { http.get(&sku).await }
    });
    let mut stock = stock(client).expect("a configuration");
    assert!(matches!(call(&mut stock, "teapot").await, Ok(6)));
    assert_eq!(http.requests(), 3);
    let missing = call(&mut stock, "teapot").await;
    assert!(matches!(
        missing,
        Err(CircuitBreakerError::Inner(TimeLimiterError::Inner(404)))
    ));
    assert_eq!(http.requests(), 4);

    let refused = call(&mut stock, "teapot").await;
    assert!(
        matches!(refused, Err(CircuitBreakerError::OpenCircuit)),
        "{refused:?}"
    );
    assert_eq!(http.requests(), 6);
}

async fn call(
    service: &mut impl Service<String, Response = u32, Error = StockError>,
    sku: &str,
) -> Result<u32, StockError> {
    service.ready().await?.call(sku.to_owned()).await
}
