//! A client that retries with backon.

use super::peer::Http;

// The program
use backon::{ExponentialBuilder, Retryable};
use std::time::Duration;

#[derive(Debug, PartialEq)]
enum StockError {
    Status(u16),
}

fn is_transient(error: &StockError) -> bool {
    matches!(error, StockError::Status(429 | 503))
}

async fn quantity(http: &Http, sku: &str) -> Result<u32, StockError> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(3);
    (|| async { http.get(sku).await.map_err(StockError::Status) })
        .retry(backoff)
        .when(is_transient)
        .notify(|error, delay| println!("{error:?}, again in {delay:?}"))
        .await
}
// End of the program

#[tokio::test(start_paused = true)]
async fn the_program_with_backon_does_what_its_page_says() {
    let start = tokio::time::Instant::now();
    let http = Http::new(&[503, 429, 200]);
    assert_eq!(quantity(&http, "teapot").await, Ok(6));
    // The delays are computed with `f32`, so the second one is 3 ns longer than 200 ms.
    assert_eq!((http.requests(), start.elapsed().as_millis()), (3, 301));

    let http = Http::new(&[404]);
    assert_eq!(
        quantity(&http, "teapot").await,
        Err(StockError::Status(404))
    );
    assert_eq!(http.requests(), 1);

    let http = Http::new(&[503]);
    assert_eq!(
        quantity(&http, "teapot").await,
        Err(StockError::Status(503))
    );
    assert_eq!(http.requests(), 4);
}
