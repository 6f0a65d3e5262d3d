//! Every option of every attribute, in functions that run.
//!
//! A test of the macro crate compares this file with the option table, so a new option cannot be
//! forgotten here. Each toolchain that builds it may warn of nothing.

#![deny(warnings)]

use std::cell::Cell;
use std::time::Duration;

use resilience::{
    BulkheadConfig, BulkheadFull, CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState,
    HedgeConfig, RateLimitConfig, RateLimited, RetryBudget, RetryConfig, RetryEvent, TimedOut,
    TimeoutConfig, bulkhead, circuit_breaker, fallback, hedge, rate_limit, registry, retry,
    timeout,
};

mod facade {
    pub use resilience;
}

const RETRY: RetryConfig = RetryConfig::new().max_retries(1).base_delay(Duration::ZERO);
static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
static BUDGETED: RetryConfig = RETRY.max_retries(5).budget(&BUDGET);
const CIRCUIT: CircuitBreakerConfig = CircuitBreakerConfig::new().failure_threshold(2);
const RATE: RateLimitConfig = RateLimitConfig::new(1, Duration::from_secs(3600));
const POOL: BulkheadConfig = BulkheadConfig::new(1);
static HEDGE: HedgeConfig = HedgeConfig::new(&BUDGET_OF_HEDGES).max_hedges(2);
static BUDGET_OF_HEDGES: RetryBudget = RetryBudget::new();
const LIMIT: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(60));

#[derive(Debug, PartialEq)]
enum Error {
    Busy,
    NotFound,
    BulkheadFull,
    RateLimited,
    CircuitOpen,
    TimedOut,
}

impl From<BulkheadFull> for Error {
    fn from(_: BulkheadFull) -> Self {
        Self::BulkheadFull
    }
}

impl From<RateLimited> for Error {
    fn from(_: RateLimited) -> Self {
        Self::RateLimited
    }
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::CircuitOpen
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl Error {
    fn is_busy(&self) -> bool {
        *self == Self::Busy
    }

    fn retry_after(&self) -> Option<Duration> {
        self.is_busy().then_some(Duration::from_millis(1))
    }
}

/// A service that is busy for so many calls and then answers with the number of the call.
#[derive(Default)]
struct Service {
    is_missing: bool,
    busy: u32,
    calls: Cell<u32>,
    retries: Cell<u32>,
}

impl Service {
    fn busy(calls: u32) -> Self {
        Self {
            busy: calls,
            ..Self::default()
        }
    }

    fn answer(&self) -> Result<u32, Error> {
        self.calls.set(self.calls.get() + 1);
        if self.is_missing {
            Err(Error::NotFound)
        } else if self.calls.get() <= self.busy {
            Err(Error::Busy)
        } else {
            Ok(self.calls.get())
        }
    }

    fn count_retry(&self, event: &RetryEvent<'_, u32, Error>) {
        self.retries.set(event.attempt);
    }

    #[retry(
        max_retries = 3,
        strategy = exponential,
        base_delay = 1ms,
        max_delay = 2ms,
        multiplier = 2.0,
        jitter = full,
        max_elapsed = 1m,
        retry_on(Error::Busy | Error::TimedOut),
        abort_on(Error::NotFound),
        retry_if = Error::is_busy,
        retry_if_ok = |calls| *calls == 2,
        delay_hint = Error::retry_after,
        on_retry = |event| self.count_retry(event),
    )]
    async fn retried(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_attempts = 2, retry_refused = true, config = RETRY, operation = "user.retried", crate = crate::facade::resilience)]
    fn retried_sync(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = 3, base_delay = 0s, budget = "user")]
    async fn budgeted_by_name(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = 3, base_delay = 0s, budget = 0.5)]
    fn budgeted_alone(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = self.busy, base_delay = 0s, budget = &BUDGET)]
    fn budgeted(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(config = BUDGETED)]
    fn budgeted_by_config(&self) -> Result<u32, Error> {
        self.answer()
    }

    // A computed configuration beside a budget once failed with the lowest toolchain alone.
    #[retry(config = RETRY.max_retries(self.busy), budget = &BUDGET)]
    fn budgeted_beside_a_config(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_attempts = 3, base_delay = 0s, attempt = n, span = true)]
    async fn numbered(&self) -> Result<(u32, bool), Error> {
        self.answer()?;
        Ok((n.number(), n.is_last()))
    }

    #[retry(max_retries = 1, base_delay = 0s, clone(..))]
    async fn sent_async(&self, text: String) -> Result<String, Error> {
        self.answer()?;
        Ok(text)
    }

    #[retry(max_retries = 1, base_delay = 0s, clone(text), span = true)]
    fn sent(&self, text: String) -> Result<String, Error> {
        self.answer()?;
        Ok(text)
    }

    #[circuit_breaker(
        name = "by threshold",
        failure_threshold = 1,
        failure_window = 10s,
        recovery_timeout = 30s,
        success_threshold = 1,
        half_open_max_calls = 2,
        slow_call = 1m,
        failure_on(Error::Busy),
        failure_if = Error::is_busy,
        failure_if_ok = |calls| *calls == 0,
        ignore(Error::NotFound),
        fallback = Self::fallback,
    )]
    async fn guarded(&self) -> Result<u32, Error> {
        self.answer()
    }

    async fn fallback(_: &CircuitOpen, _: &Self) -> Result<u32, Error> {
        Ok(99)
    }
}

#[circuit_breaker(
    name = "by rate",
    failure_rate = 0.5,
    minimum_calls = 2,
    operation = "user.by_rate",
    error = |_| Error::CircuitOpen,
    crate = facade::resilience,
)]
fn guarded_by_rate(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(
    name = "in a row",
    consecutive_failures = 2,
    recovery_multiplier = 2.0,
    max_recovery_timeout = 10m,
    recovery_jitter = 0.1,
    recovery_hint = Error::retry_after,
)]
fn guarded_in_a_row(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(
    name = "by slow calls",
    failure_rate = 1.0,
    window_calls = 2,
    slow_call = 1ms,
    slow_rate = 1.0,
)]
fn guarded_by_slow_calls() -> Result<u32, Error> {
    std::thread::sleep(Duration::from_millis(5));
    Ok(1)
}

#[circuit_breaker(name = "shared settings", config = CIRCUIT)]
fn guarded_by_config(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(breaker = breaker)]
fn guarded_by_handle(breaker: &CircuitBreaker, service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[circuit_breaker(name = "by key", key = tenant, max_keys = 2, idle = 10m, config = CIRCUIT)]
async fn guarded_by_key(tenant: &str, service: &Service) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    service.answer()
}

#[timeout(
    limit = 10ms,
    operation = "user.wait",
    message = "nobody answered",
    error = |_| Error::TimedOut,
    crate = facade::resilience,
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

#[fallback(
    answer = stored,
    on(Error::Busy | Error::TimedOut),
    when = Error::is_busy,
    clone(text),
    operation = "user.answered",
    crate = facade::resilience,
)]
async fn answered(service: &Service, text: String) -> Result<u32, Error> {
    drop(text);
    service.answer()
}

async fn stored(_: &Error, _: &Service, text: &str) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    text.parse().map_err(|_| Error::NotFound)
}

#[hedge(
    after = 1ms,
    max_hedges = 2,
    budget = 10,
    accept_on(Error::NotFound),
    clone(text),
    operation = "user.hedged",
    crate = facade::resilience,
)]
async fn hedged(service: &Service, text: String) -> Result<u32, Error> {
    drop(text);
    let call = service.answer()?;
    if call == 1 {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    Ok(call)
}

#[hedge(config = HEDGE, after = p95)]
async fn hedged_by_config(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[fallback(|_| Ok(0))]
fn answered_by_a_closure(service: &Service) -> Result<u32, Error> {
    service.answer()
}

#[bulkhead(
    max_concurrent = 1,
    max_wait = 10ms,
    name = "user pool",
    operation = "user.pooled",
    error = |_| Error::BulkheadFull,
    crate = facade::resilience,
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

#[rate_limit(
    limit = 1,
    per = 1h,
    burst = 2,
    max_wait = 10ms,
    name = "user rate",
    operation = "user.limited_rate",
    error = |_| Error::RateLimited,
    crate = facade::resilience,
)]
async fn limited_rate() -> Result<u32, Error> {
    Ok(1)
}

#[rate_limit(config = RATE, name = "user rates", key = tenant, max_keys = 2, idle = 10m)]
fn limited_rate_by_key(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

#[retry(max_retries = 5, base_delay = 1ms)]
#[circuit_breaker(name = "stack", failure_threshold = 2)]
#[timeout(1m)]
async fn stacked(service: &Service) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    service.answer()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    retries().await;
    budgets().await;
    circuits().await;
    timeouts().await;
    fallbacks().await;
    bulkheads().await;
    rate_limits().await;
    hedges().await;
    #[cfg(feature = "metrics")]
    drop(resilience::metrics::export_every(Duration::from_secs(1)));
    #[cfg(feature = "dashboard")]
    drop(resilience_dashboard::router(
        resilience_dashboard::Access::read_only(),
    ));
    #[cfg(feature = "http")]
    headers().await;
    #[cfg(feature = "tower")]
    layers().await;
    #[cfg(feature = "test-util")]
    injected().await;

    assert!(stacked(&Service::busy(9)).await.is_err());
    assert_eq!(state("stack"), Some(CircuitState::Open));
    #[cfg(feature = "config")]
    configured();
    #[cfg(feature = "serde")]
    snapshot();
    println!("every attribute works");
}

async fn retries() {
    let service = Service::busy(1);
    assert_eq!(service.retried().await, Ok(3));
    assert_eq!(service.retries.get(), 2);
    let service = Service {
        is_missing: true,
        ..Service::default()
    };
    assert_eq!(service.retried().await, Err(Error::NotFound));
    assert_eq!(service.calls.get(), 1);
    assert_eq!(Service::busy(1).retried_sync(), Ok(2));
    assert_eq!(Service::busy(2).retried_sync(), Err(Error::Busy));
    assert_eq!(Service::busy(2).numbered().await, Ok((3, true)));
    let text = || "text".to_owned();
    assert_eq!(Service::busy(1).sent(text()), Ok(text()));
    assert_eq!(Service::busy(1).sent_async(text()).await, Ok(text()));
}

async fn budgets() {
    let budget = RetryBudget::new().ratio(0.001).min_per_second(0);
    assert_eq!(registry::register_budget("user", budget), Ok(()));
    assert_eq!(Service::busy(1).budgeted_by_name().await, Err(Error::Busy));
    let stats = registry::budget("user").expect("it is registered");
    assert_eq!((stats.calls, stats.retries, stats.refused), (1, 0, 1));
    // The floor of one retry a second, for ten seconds.
    assert_eq!(Service::busy(3).budgeted_alone(), Ok(4));

    assert_eq!(Service::busy(5).budgeted(), Err(Error::Busy));
    assert_eq!(Service::busy(5).budgeted_by_config(), Err(Error::Busy));
    assert_eq!(
        Service::busy(5).budgeted_beside_a_config(),
        Err(Error::Busy)
    );
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (3, 3, 3));
}

async fn circuits() {
    let service = Service::busy(1);
    assert_eq!(service.guarded().await, Err(Error::Busy));
    assert_eq!(service.guarded().await, Ok(99));
    assert_eq!(state("by threshold"), Some(CircuitState::Open));

    let service = Service::busy(1);
    assert_eq!(guarded_by_rate(&service), Err(Error::Busy));
    assert_eq!(guarded_by_rate(&service), Ok(2));
    assert_eq!(state("by rate"), Some(CircuitState::Closed));

    let service = Service::busy(9);
    for expected in [Error::Busy, Error::Busy, Error::CircuitOpen] {
        assert_eq!(guarded_in_a_row(&service), Err(expected));
    }
    for expected in [Ok(1), Ok(1), Err(Error::CircuitOpen)] {
        assert_eq!(guarded_by_slow_calls(), expected);
    }

    let service = Service::busy(9);
    for expected in [Error::Busy, Error::Busy, Error::CircuitOpen] {
        assert_eq!(guarded_by_config(&service), Err(expected));
    }
    let breaker = CircuitBreaker::new("by handle", CIRCUIT);
    for expected in [Error::Busy, Error::Busy, Error::CircuitOpen] {
        assert_eq!(guarded_by_handle(&breaker, &service), Err(expected));
    }

    let service = Service::busy(2);
    for expected in [Err(Error::Busy), Err(Error::Busy), Err(Error::CircuitOpen)] {
        assert_eq!(guarded_by_key("one", &service).await, expected);
    }
    assert_eq!(guarded_by_key("two", &service).await, Ok(3));
    let family = registry::family("by key").expect("it ran");
    assert_eq!((family.keys, family.open, family.closed), (2, 1, 1));
}

async fn timeouts() {
    assert_eq!(limited(Duration::ZERO).await, Ok(1));
    assert_eq!(
        limited(Duration::from_secs(3600)).await,
        Err(Error::TimedOut)
    );
    assert_eq!(limited_in_place(&Service::default()), Ok(1));
    assert_eq!(limited_on_a_worker(7), Ok(7));
}

async fn hedges() {
    assert_eq!(hedged(&Service::default(), "x".to_owned()).await, Ok(2));
    let stats = registry::operation("user.hedged").expect("it ran");
    assert_eq!(stats.hedges, 1);
    assert_eq!(hedged_by_config(&Service::busy(2)).await, Ok(3));
}

async fn fallbacks() {
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

async fn rate_limits() {
    for expected in [Ok(1), Ok(1), Err(Error::RateLimited)] {
        assert_eq!(limited_rate().await, expected);
    }
    let stats = registry::rate_limit("user rate").expect("it ran");
    assert_eq!((stats.admitted, stats.refused), (2, 1));
    assert_eq!(limited_rate_by_key("one"), Ok(3));
    assert_eq!(limited_rate_by_key("one"), Err(Error::RateLimited));
    assert_eq!(limited_rate_by_key("three"), Ok(5));
}

async fn bulkheads() {
    let long = Duration::from_millis(200);
    let (one, two) = tokio::join!(pooled(long), pooled(long));
    assert_eq!((one, two), (Ok(1), Err(Error::BulkheadFull)));
    let stats = registry::bulkhead("user pool").expect("it ran");
    assert_eq!((stats.in_use, stats.admitted, stats.refused), (0, 1, 1));

    let same = || pooled_by_key("one", || Ok(2));
    assert_eq!(pooled_by_key("one", same), Err(Error::BulkheadFull));
    assert_eq!(pooled_by_key("two", same), Ok(2));
}

#[cfg(feature = "http")]
async fn headers() {
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

#[cfg(feature = "config")]
fn configured() {
    use resilience::config;

    let errors = config::apply("[timeout.\"user.wait\"]\nlimit = 5").expect_err("no unit");
    assert_eq!((errors.faults()[0].line, errors.faults()[0].column), (2, 9));
    config::apply("[circuit_breaker.\"user configured\"]\nfailure_threshold = 2").expect("valid");
    let circuit = registry::get_or_register("user configured", CIRCUIT.failure_threshold(9));
    assert_eq!(circuit.config().get_failure_threshold(), Some(2));
}

#[cfg(feature = "serde")]
fn snapshot() {
    let json = serde_json::to_value(registry::snapshot()).expect("JSON");
    assert_eq!(json["schema"], 1);
    let circuits = json["circuits"].as_array().expect("a list");
    assert!(
        circuits
            .iter()
            .any(|circuit| circuit["name"] == "stack" && circuit["state"] == "open")
    );
    let operations = json["operations"].as_array().expect("a list");
    assert!(
        operations
            .iter()
            .any(|operation| operation["name"] == "user.wait" && operation["timeouts"] == 1)
    );
}

fn state(name: &str) -> Option<CircuitState> {
    registry::get(name).map(|breaker| breaker.state())
}

/// Does the same as a test of the service.
#[cfg(feature = "test-util")]
async fn injected() {
    let scope = resilience::testing::scope();
    let open = scope.circuit("stack").force(CircuitState::Open);
    assert!(stacked(&Service::default()).await.is_err());
    drop(open);
    assert!(stacked(&Service::default()).await.is_ok());
    assert_eq!(registry::stats("stack").map(|stats| stats.refused), Some(1));
}

/// A service that answers a request with the request.
#[cfg(feature = "tower")]
#[derive(Clone)]
struct Echo;

#[cfg(feature = "tower")]
impl tower_service::Service<u32> for Echo {
    type Response = u32;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<u32, Self::Error>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        std::future::ready(Ok(request))
    }
}

#[cfg(feature = "tower")]
async fn layers() {
    use resilience_tower::{BulkheadLayer, CircuitBreakerLayer, RetryLayer};
    use tower_layer::Layer;
    use tower_service::Service;

    let circuit = CircuitBreaker::new("layers", CIRCUIT);
    let bulkhead = resilience::Bulkhead::new("layers", POOL);
    let service = BulkheadLayer::new(bulkhead).layer(Echo);
    let service = CircuitBreakerLayer::new(circuit)
        .failure_if_ok(|answer: &u32| *answer == 0)
        .layer(service);
    let mut service = RetryLayer::new("layers", BUDGETED).layer(service);
    let ready = std::future::poll_fn(|cx| service.poll_ready(cx)).await;
    assert!(ready.is_ok());
    assert_eq!(service.call(3).await.ok(), Some(3));
}
