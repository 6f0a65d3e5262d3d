//! The headers of feature `http`.

use std::time::Duration;

pub(crate) async fn run() {
    use http::{HeaderMap, StatusCode};
    use resilience::RetryHint;
    use resilience::http::{deadline_from, grpc_pushback, insert_deadline, retry_after};

    let mut headers = HeaderMap::new();
    let at = tokio::time::Instant::now() + Duration::from_secs(1);
    resilience::with_deadline(at, async { insert_deadline(&mut headers) }).await;
    assert!(deadline_from(&headers, Duration::MAX) <= at);
    assert_eq!(retry_after(StatusCode::OK, &headers), RetryHint::Unknown);
    assert_eq!(grpc_pushback(&headers), RetryHint::Unknown);
}
