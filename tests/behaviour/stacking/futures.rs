//! Functions that return a future without being `async`: the future is retried and timed, and not
//! its construction.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;

use resilience::{CircuitOpen, circuit_breaker, retry, timeout};
use tokio::time::Instant;

use super::Step::{Fails, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, word};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A first attempt that hangs, one that fails, and one that succeeds: 2 s until the limit, and
/// waits of 1 and 2 s.
async fn is_retried_timed_and_guarded<'s>(
    call: impl AsyncFnOnce(&'s Arc<Service>) -> Result<(), ApiError>,
    service: &'s Arc<Service>,
) {
    let start = Instant::now();
    assert_eq!(call(service).await, Ok(()));
    assert_eq!(
        (service.executions(), service.recorded().as_str()),
        (3, "1 succeeded, 2 failed")
    );
    assert_eq!(start.elapsed(), (2 + 1 + 2) * SECOND);
}

fn service() -> Arc<Service> {
    Arc::new(Service::unguarded(&[Hangs, Fails, Succeeds]))
}

#[async_trait::async_trait]
trait Backend {
    fn service(&self) -> &Service;

    async fn required(&self) -> Result<(), ApiError>;

    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &self.service().breaker)]
    #[timeout(2s)]
    async fn provided(&self, name: &str) -> Result<(), ApiError>
    where
        Self: Sync,
    {
        assert_eq!(name, "provided");
        self.service().answer().await
    }
}

#[async_trait::async_trait]
impl Backend for Arc<Service> {
    fn service(&self) -> &Service {
        self
    }

    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &self.breaker)]
    #[timeout(2s)]
    async fn required(&self) -> Result<(), ApiError> {
        self.answer().await
    }
}

#[tokio::test(start_paused = true)]
async fn methods_under_async_trait() {
    is_retried_timed_and_guarded(async |service| service.required().await, &service()).await;
    is_retried_timed_and_guarded(
        async |service| service.provided("provided").await,
        &service(),
    )
    .await;
    let object: Box<dyn Backend + Sync> = Box::new(service());
    assert_eq!(object.required().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_async_trait_method_with_owned_and_mutable_arguments() {
    #[async_trait::async_trait]
    trait Store {
        async fn save(&mut self, key: String, log: &mut Vec<String>) -> Result<usize, ApiError>;
    }
    struct Memory(Vec<String>);
    impl Memory {
        async fn cached(
            _: &CircuitOpen,
            memory: &mut Memory,
            key: &String,
            log: &mut Vec<String>,
        ) -> Result<usize, ApiError> {
            log.push(format!("cached {key}"));
            Ok(memory.0.len() * 100)
        }
    }
    #[async_trait::async_trait]
    impl Store for Memory {
        #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
        #[circuit_breaker(name = "futures::store", failure_threshold = 2, fallback = Memory::cached)]
        #[timeout(2s)]
        async fn save(
            &mut self,
            mut key: String,
            log: &mut Vec<String>,
        ) -> Result<usize, ApiError> {
            key.push('!');
            self.0.push(key.clone());
            log.push(key.clone());
            Err(ApiError::Down)
        }
    }
    let (mut memory, mut log) = (Memory(Vec::new()), Vec::new());
    assert_eq!(
        memory.save(String::from("a"), &mut log).await,
        Err(ApiError::Down)
    );
    assert_eq!(memory.save(String::from("b"), &mut log).await, Ok(200));
    assert_eq!(log, ["a!", "a!!", "cached b"]);
}

fn is_known(error: &ApiError) -> bool {
    word(&Err(error.clone())) != "ok"
}

#[tokio::test(start_paused = true)]
async fn the_options_of_an_async_trait_method_may_use_a_mutable_receiver() {
    #[async_trait::async_trait]
    trait Worker {
        async fn work(&mut self, task: String) -> Result<(), ApiError>;
    }
    struct Careful {
        service: Arc<Service>,
        retries: u32,
        harmless: ApiError,
        tried: Vec<String>,
    }
    #[async_trait::async_trait]
    impl Worker for Careful {
        #[retry(
            max_retries = self.retries,
            base_delay = 0s,
            retry_on(error if *error != self.harmless),
            retry_if = |error| self::is_known(error) && self.tried.len() < 9,
        )]
        #[circuit_breaker(breaker = &self.service.breaker)]
        #[timeout(self.service.limit)]
        async fn work(&mut self, task: String) -> Result<(), ApiError> {
            self.tried.push(task.clone());
            self.service.answer().await
        }
    }
    let service = Arc::new(Service::unguarded(&[Hangs, Hangs, Fails]).limit(SECOND));
    let mut careful = Careful {
        service: Arc::clone(&service),
        retries: 5,
        harmless: ApiError::Down,
        tried: Vec::new(),
    };
    assert_eq!(word(&careful.work(String::from("task")).await), "down");
    assert_eq!(
        (careful.tried, service.recorded().as_str()),
        (vec![String::from("task"); 3], "3 failed")
    );
}

#[tokio::test(start_paused = true)]
async fn functions_that_return_impl_future() {
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    fn block(service: &Service) -> impl Future<Output = Result<(), ApiError>> {
        async move { service.answer().await }
    }
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    fn forwarded(service: &Service) -> impl Future<Output = Result<(), ApiError>> + Send {
        service.answer()
    }
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    fn prepared(
        service: Arc<Service>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send + 'static {
        let service = Arc::clone(&service);
        async move { service.answer().await }
    }
    is_retried_timed_and_guarded(async |service| block(service).await, &service()).await;
    is_retried_timed_and_guarded(async |service| forwarded(service).await, &service()).await;
    is_retried_timed_and_guarded(
        async |service| prepared(Arc::clone(service)).await,
        &service(),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn functions_that_return_a_boxed_future() {
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    fn written_out(
        service: &Service,
    ) -> Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send + '_>> {
        Box::pin(async move { service.answer().await })
    }
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    fn alias(service: &Service) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(service.answer())
    }
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &service.breaker)]
    #[timeout(2s)]
    fn owned(service: Arc<Service>) -> Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send>> {
        let service = Arc::clone(&service);
        Box::pin(async move { service.answer().await })
    }
    is_retried_timed_and_guarded(async |service| written_out(service).await, &service()).await;
    is_retried_timed_and_guarded(async |service| alias(service).await, &service()).await;
    is_retried_timed_and_guarded(async |service| owned(Arc::clone(service)).await, &service())
        .await;
}

trait Endpoint {
    fn native(&self) -> impl Future<Output = Result<(), ApiError>> + Send;

    fn boxed<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send + 'a>>;
}

impl Endpoint for Arc<Service> {
    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &self.breaker)]
    #[timeout(2s)]
    async fn native(&self) -> Result<(), ApiError> {
        self.answer().await
    }

    #[retry(base_delay = 1s, jitter = none)]
    #[circuit_breaker(breaker = &self.breaker)]
    #[timeout(2s)]
    fn boxed<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send + 'a>> {
        Box::pin(async move {
            assert_eq!(name, "boxed");
            self.answer().await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn methods_of_a_trait_without_a_macro() {
    is_retried_timed_and_guarded(async |service| service.native().await, &service()).await;
    is_retried_timed_and_guarded(async |service| service.boxed("boxed").await, &service()).await;
    // The call runs as a task, so that its future must be `Send`.
    let service = service();
    let task = Arc::clone(&service);
    assert_eq!(
        tokio::spawn(async move { task.native().await })
            .await
            .expect("no panic"),
        Ok(())
    );
    assert_eq!(service.executions(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_body_in_front_of_the_future_runs_again_for_each_attempt_and_inside_the_future() {
    #[retry(max_retries = 2)]
    fn call(prepared: &Cell<u32>) -> impl Future<Output = Result<u32, ApiError>> {
        prepared.set(prepared.get() + 1);
        async move {
            if prepared.get() < 3 {
                Err(ApiError::Down)
            } else {
                Ok(prepared.get())
            }
        }
    }
    let prepared = Cell::new(0);
    let future = call(&prepared);
    assert_eq!(prepared.get(), 0, "nothing runs before the first poll");
    assert_eq!(future.await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_boxed_future_is_an_abandoned_call() {
    #[circuit_breaker(breaker = &service.breaker)]
    fn call(service: &Service) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(service.answer())
    }
    let service = Service::new(&[Hangs, Succeeds]);
    drop(call(&service));
    assert_eq!((service.executions(), service.recorded().as_str()), (0, ""));
    assert!(tokio::time::timeout(SECOND, call(&service)).await.is_err());
    assert_eq!(
        (word(&call(&service).await), service.recorded().as_str()),
        ("ok", "1 succeeded, 1 abandoned")
    );
}
