//! `#[timeout]`.

use std::time::Duration;

use resilience::{TimeoutConfig, timeout};

use crate::service::{Error, Service};

const LIMIT: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(60));

#[timeout(
    limit = 10ms,
    operation = "user.wait",
    message = "nobody answered",
    error = |_| Error::TimedOut,
    crate = crate::facade::resilience,
)]
async fn limited(wait: Duration) -> Result<u32, Error> {
    tokio::time::sleep(wait).await;
    Ok(1)
}

#[timeout(config = LIMIT, mode = cooperative)]
fn limited_in_place(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[timeout(1m, mode = thread)]
fn limited_on_a_worker(number: u32) -> Result<u32, Error> {
    Ok(number)
}

pub(crate) async fn run() {
    assert_eq!(limited(Duration::ZERO).await, Ok(1));
    assert_eq!(
        limited(Duration::from_secs(3600)).await,
        Err(Error::TimedOut)
    );
    assert_eq!(limited_in_place(&Service::default()), Ok(1));
    assert_eq!(limited_on_a_worker(7), Ok(7));
}
