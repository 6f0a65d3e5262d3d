//! The futures that async functions become.

use std::{error::Error, future::Future, io, panic::UnwindSafe, pin::Pin, rc::Rc};

use resilience::{circuit_breaker, registry, retry, timeout};

#[tokio::test(start_paused = true)]
async fn a_future_that_outlives_the_service_that_makes_it_was_refused() {
    #[derive(Clone)]
    struct Client(u32);
    struct Service(Client, String);
    impl Service {
        // This is the shape of `tower::Service::call`.
        #[timeout(5s)]
        #[circuit_breaker(name = "regressions::tower")]
        fn call(&mut self, id: u32) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send>> {
            let client = self.0.clone();
            self.0.0 += 1;
            Box::pin(async move { Ok(client.0 + id) })
        }
    }
    let mut service = Service(Client(40), "owned".to_owned());
    let future = service.call(2);
    assert_eq!(
        (service.0.0, service.1.as_str()),
        (41, "owned"),
        "made when it is called, as without the attribute"
    );
    drop(service);
    assert_eq!(future.await.unwrap(), 42);
    assert_eq!(registry::stats("regressions::tower").unwrap().successes, 1);
}

#[tokio::test(start_paused = true)]
async fn the_lifetime_of_a_future_was_taken_for_a_borrow_that_it_returns() {
    struct Counter(u32);
    impl Counter {
        #[retry(base_delay = 0s)]
        fn boxed<'a>(&'a mut self) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'a>> {
            Box::pin(async move { self.next() })
        }
        #[retry(base_delay = 0s)]
        fn unnamed(&mut self) -> impl Future<Output = io::Result<u32>> + '_ {
            async move { self.next() }
        }
        fn next(&mut self) -> io::Result<u32> {
            self.0 += 1;
            if self.0 % 2 == 1 {
                Err(io::Error::other("odd"))
            } else {
                Ok(self.0)
            }
        }
    }
    let mut counter = Counter(0);
    assert_eq!(counter.boxed().await.unwrap(), 2);
    assert_eq!(counter.unnamed().await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_answers_at_once_made_the_future_not_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    #[circuit_breaker(name = "regressions::fallback", fallback = |_| Ok(7))]
    async fn fetch() -> Result<u32, Box<dyn Error>> {
        Ok(1)
    }
    assert_eq!(assert_send(fetch()).await.unwrap(), 1);
    registry::isolate("regressions::fallback");
    assert_eq!(assert_send(fetch()).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_send_made_a_retried_future_not_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    #[retry(base_delay = 1s, max_retries = 1)]
    async fn fetch() -> Result<Rc<u32>, Box<dyn Error>> {
        Err("busy".into())
    }
    assert_send(fetch()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_retried_future_was_not_unwind_safe() {
    fn assert_unwind_safe<F: UnwindSafe>(future: F) -> F {
        future
    }
    #[retry(max_retries = 1, base_delay = 1s)]
    async fn load(key: String) -> io::Result<usize> {
        std::future::ready(()).await;
        Err(io::Error::other(key.clone()))
    }
    let call = assert_unwind_safe(load("a".to_owned()));
    assert_eq!(call.await.unwrap_err().to_string(), "a");
}
