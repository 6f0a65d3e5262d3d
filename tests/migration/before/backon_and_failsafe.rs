//! A client that retries with backon, has a circuit of failsafe and a limit of tokio.

use super::peer::{HANGS, Http};

// The program
use backon::{ExponentialBuilder, Retryable};
use failsafe::futures::CircuitBreaker;
use failsafe::{Config, Error, backoff, failure_policy};
use std::time::Duration;

#[derive(Debug, PartialEq)]
enum StockError {
    Status(u16),
    TimedOut,
    Rejected,
}

fn is_outage(error: &StockError) -> bool {
    matches!(error, StockError::Status(429 | 503) | StockError::TimedOut)
}

fn breaker() -> impl CircuitBreaker {
    let backoff = backoff::exponential(Duration::from_secs(10), Duration::from_secs(300));
    let policy = failure_policy::consecutive_failures(3, backoff);
    Config::new().failure_policy(policy).build()
}

async fn quantity(
    http: &Http,
    breaker: &impl CircuitBreaker,
    sku: &str,
) -> Result<u32, StockError> {
    let attempt = || async {
        let limited = async {
            match tokio::time::timeout(Duration::from_secs(2), http.get(sku)).await {
                Ok(answer) => answer.map_err(StockError::Status),
                Err(_) => Err(StockError::TimedOut),
            }
        };
        let result = breaker.call_with(is_outage, limited).await;
        result.map_err(|error| match error {
            Error::Inner(error) => error,
            Error::Rejected => StockError::Rejected,
        })
    };
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_times(3);
    attempt.retry(backoff).when(is_outage).await
}
// End of the program

#[tokio::test(start_paused = true)]
async fn the_program_with_failsafe_does_what_its_page_says() {
    let http = Http::new(&[503, HANGS, 200, 404, 503]);
    let breaker = breaker();
    assert_eq!(quantity(&http, &breaker, "teapot").await, Ok(6));
    assert_eq!(http.requests(), 3);
    let missing = quantity(&http, &breaker, "teapot").await;
    assert_eq!(missing, Err(StockError::Status(404)));
    assert_eq!(http.requests(), 4);

    // The third failure in a row opens the circuit. The retry waits, and its next attempt is
    // refused.
    let refused = quantity(&http, &breaker, "teapot").await;
    assert_eq!(refused, Err(StockError::Rejected));
    assert_eq!(http.requests(), 7);
    let refused = quantity(&http, &breaker, "teapot").await;
    assert_eq!(refused, Err(StockError::Rejected));
    assert_eq!(http.requests(), 7);
}
