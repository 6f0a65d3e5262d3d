//! `#[rate_limit]`.

use std::time::Duration;

use resilience::{RateLimitConfig, rate_limit, registry};

use crate::service::Error;

const RATE: RateLimitConfig = RateLimitConfig::new(1, Duration::from_secs(3600));

#[rate_limit(
    limit = 1,
    per = 1h,
    burst = 2,
    max_wait = 10ms,
    name = "user rate",
    operation = "user.limited_rate",
    error = |_| Error::RateLimited,
    crate = crate::facade::resilience,
)]
async fn limited_rate() -> Result<u32, Error> {
    Ok(1)
}

#[rate_limit(config = RATE, name = "user rates", key = tenant, max_keys = 2, idle = 10m)]
fn limited_rate_by_key(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

pub(crate) async fn run() {
    for expected in [Ok(1), Ok(1), Err(Error::RateLimited)] {
        assert_eq!(limited_rate().await, expected);
    }
    let stats = registry::rate_limit("user rate").expect("it ran");
    assert_eq!((stats.admitted, stats.refused), (2, 1));
    assert_eq!(limited_rate_by_key("one"), Ok(3));
    assert_eq!(limited_rate_by_key("one"), Err(Error::RateLimited));
    assert_eq!(limited_rate_by_key("three"), Ok(5));
}
