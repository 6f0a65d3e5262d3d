//! Other ways to write the family's attributes, and the attributes of other crates on the same
//! function.

use std::cell::Cell;
use std::time::Duration;

use resilience::{circuit_breaker, retry, timeout};
use tokio::time::Instant;

use super::Step::{Fails, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, word};

#[tokio::test(start_paused = true)]
async fn attributes_may_be_written_with_their_path() {
    #[resilience::retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[::resilience::circuit_breaker(breaker = &service.breaker)]
    #[resilience::timeout(2s)]
    async fn call(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let (service, start) = (Service::unguarded(&[Hangs]), Instant::now());
    assert_eq!(word(&call(&service).await), "late");
    assert_eq!(
        (service.recorded().as_str(), start.elapsed()),
        ("2 failed", (2 + 1 + 2) * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn the_top_attribute_may_have_another_name() {
    use resilience::{circuit_breaker as guarded, retry as again, timeout as within};

    #[again(max_retries = 1, base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    async fn retried(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[guarded(breaker = &service.breaker)]
    #[retry(max_retries = 1, base_delay = 0s)]
    fn guarded_call(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    #[within(2.5s)]
    #[retry(max_retries = 9, base_delay = 1s, strategy = constant, jitter = none)]
    async fn timed(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    let service = Service::unguarded(&[Hangs]);
    assert_eq!(
        (word(&retried(&service).await), service.recorded().as_str()),
        ("late", "2 failed")
    );
    let service = Service::unguarded(&[Fails]);
    assert_eq!(
        (word(&guarded_call(&service)), service.recorded().as_str()),
        ("down", "1 failed")
    );
    // The wait after the third attempt would reach the limit, so it is not begun.
    assert_eq!(
        (word(&timed(&service).await), service.executions()),
        ("down", 2 + 3)
    );
}

#[tokio::test(start_paused = true)]
async fn attributes_of_the_language_may_stand_between() {
    /// Documentation of its own.
    #[must_use = "the answer is the point"]
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[allow(unused_variables)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[inline]
    #[timeout(2s)]
    #[deprecated(note = "for the test")]
    #[expect(clippy::no_effect_underscore_binding)]
    async fn call(service: &Service, unused: u8) -> Result<(), ApiError> {
        let _nothing = 0;
        service.answer().await
    }
    let service = Service::unguarded(&[Fails]);
    #[allow(deprecated)]
    let outcome = call(&service, 0).await;
    assert_eq!(
        (word(&outcome), service.recorded().as_str()),
        ("down", "2 failed")
    );
}

#[test]
fn cfg_attr_is_resolved_before() {
    #[cfg_attr(all(), retry(max_retries = 1, base_delay = 0s))]
    #[cfg_attr(any(), retry(max_retries = 7, base_delay = 0s))]
    #[cfg_attr(all(), circuit_breaker(breaker = &service.breaker))]
    fn call(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    let service = Service::unguarded(&[Fails]);
    assert_eq!(
        (word(&call(&service)), service.recorded().as_str()),
        ("down", "2 failed")
    );
}

#[tokio::test(start_paused = true)]
async fn tracings_instrument_may_stand_anywhere() {
    #[tracing::instrument(skip_all)]
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[timeout(2s)]
    async fn above(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[tracing::instrument(skip(service), err(Debug))]
    #[timeout(2s)]
    async fn between(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    #[timeout(2s)]
    #[tracing::instrument(skip(service), ret)]
    async fn below(service: &Service) -> Result<(), ApiError> {
        service.answer().await
    }
    #[retry(max_retries = 1, base_delay = 0s)]
    #[tracing::instrument(skip_all)]
    #[timeout(2s, mode = cooperative)]
    fn blocking(service: &Service) -> Result<(), ApiError> {
        service.answer_blocking()
    }
    for script in [[Hangs, Succeeds], [Fails, Succeeds]] {
        let services = [(); 3].map(|()| Service::new(&script));
        assert_eq!(above(&services[0]).await, Ok(()));
        assert_eq!(between(&services[1]).await, Ok(()));
        assert_eq!(below(&services[2]).await, Ok(()));
        assert_eq!(services.map(|service| service.executions()), [2, 2, 2]);
    }
    let service = Service::new(&[Fails]);
    assert_eq!(
        (word(&blocking(&service)), service.executions()),
        ("down", 2)
    );
}

/// The options come from the macro's caller, token by token.
#[tokio::test(start_paused = true)]
async fn a_stack_may_be_written_by_a_macro() {
    macro_rules! resilient {
        ($name:ident($service:ident), $retries:expr, $limit:literal, $pattern:pat) => {
            #[retry(max_retries = $retries, base_delay = 1s, jitter = none, retry_on($pattern))]
            #[timeout($limit)]
            async fn $name($service: &Service) -> Result<(), ApiError> {
                $service.answer().await
            }
        };
    }
    resilient!(
        call(service),
        1 + 1,
        "2s",
        ApiError::Late(_) | ApiError::Open(_)
    );
    let (service, start) = (Service::new(&[Hangs]), Instant::now());
    assert_eq!(
        (word(&call(&service).await), service.executions()),
        ("late", 3)
    );
    assert_eq!(start.elapsed(), (2 + 1 + 2 + 2 + 2) * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_stack_on_a_method_uses_the_receiver_in_every_layer() {
    struct Client {
        service: Service,
        retries: u32,
        limit: Duration,
        asked: Cell<u32>,
    }
    impl Client {
        #[retry(max_retries = self.retries, base_delay = self.limit, jitter = none, on_retry = |_| self.asked.set(self.asked.get() + 1))]
        #[circuit_breaker(breaker = &self.service.breaker, fallback = Self::cached)]
        #[timeout(self.limit)]
        async fn call(&mut self) -> Result<(), ApiError> {
            self.service.answer().await
        }

        async fn cached(_: &resilience::CircuitOpen, client: &mut Self) -> Result<(), ApiError> {
            client.asked.set(client.asked.get() + 100);
            Ok(())
        }
    }
    let service = Service::new(&[Hangs]);
    let mut client = Client {
        service,
        retries: 5,
        limit: SECOND,
        asked: Cell::new(0),
    };
    assert_eq!(client.call().await, Ok(()));
    // Two attempts opened the circuit, and the fallback answered the third.
    assert_eq!(
        (client.service.recorded().as_str(), client.asked.get()),
        ("2 failed, 1 refused", 102)
    );
}
