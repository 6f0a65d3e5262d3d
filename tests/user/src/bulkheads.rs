//! `#[bulkhead]`.

use std::time::Duration;

use resilience::{BulkheadConfig, bulkhead, registry};

use crate::service::Error;

pub(crate) const POOL: BulkheadConfig = BulkheadConfig::new(1);

#[bulkhead(
    max_concurrent = 1,
    max_wait = 10ms,
    name = "user pool",
    operation = "user.pooled",
    error = |_| Error::BulkheadFull,
    crate = crate::facade::resilience,
)]
async fn pooled(wait: Duration) -> Result<u32, Error> {
    tokio::time::sleep(wait).await;
    Ok(1)
}

#[bulkhead(config = POOL, name = "user keys", key = tenant, max_keys = 2, idle = 10m)]
fn pooled_by_key(tenant: &str, inside: impl FnOnce() -> Result<u32, Error>) -> Result<u32, Error> {
    assert!(!tenant.is_empty());
    inside()
}

pub(crate) async fn run() {
    let long = Duration::from_millis(200);
    let (one, two) = tokio::join!(pooled(long), pooled(long));
    assert_eq!((one, two), (Ok(1), Err(Error::BulkheadFull)));
    let stats = registry::bulkhead("user pool").expect("it ran");
    assert_eq!((stats.in_use, stats.admitted, stats.refused), (0, 1, 1));

    let same = || pooled_by_key("one", || Ok(2));
    assert_eq!(pooled_by_key("one", same), Err(Error::BulkheadFull));
    assert_eq!(pooled_by_key("two", same), Ok(2));
}
