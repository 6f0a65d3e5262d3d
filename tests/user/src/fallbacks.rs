//! `#[fallback]`.

use resilience::{fallback, registry};

use crate::service::{Error, Service};

#[fallback(
    answer = stored,
    on(Error::Busy | Error::TimedOut),
    when = Error::is_busy,
    clone(text),
    operation = "user.answered",
    crate = crate::facade::resilience,
)]
async fn answered(service: &Service, text: String) -> Result<u32, Error> {
    drop(text);
    service.answer()
}

async fn stored(_: &Error, _: &Service, text: &str) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    text.parse().map_err(|_| Error::NotFound)
}

#[fallback(|_| Ok(0))]
fn answered_by_a_closure(service: &Service) -> Result<u32, Error> {
    service.answer()
}

pub(crate) async fn run() {
    let service = Service::busy(2);
    assert_eq!(answered(&service, "7".to_owned()).await, Ok(7));
    assert_eq!(
        answered(&service, "old".to_owned()).await,
        Err(Error::NotFound)
    );
    assert_eq!(answered(&service, "7".to_owned()).await, Ok(3));
    let stats = registry::operation("user.answered").expect("it ran");
    assert_eq!(stats.fallbacks, 2);
    assert_eq!(answered_by_a_closure(&Service::busy(1)), Ok(0));
}
