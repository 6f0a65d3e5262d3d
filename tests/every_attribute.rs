// Included by the environments: each attribute on a sync and an async function, a method, and
// stacks.

use resilience::{bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout};

#[derive(Debug, PartialEq)]
pub enum Error {
    Busy,
    CircuitOpen,
    TimedOut,
    Full,
    Limited,
}

impl From<resilience::BulkheadFull> for Error {
    fn from(_: resilience::BulkheadFull) -> Self {
        Error::Full
    }
}

impl From<resilience::RateLimited> for Error {
    fn from(_: resilience::RateLimited) -> Self {
        Error::Limited
    }
}

impl From<resilience::CircuitOpen> for Error {
    fn from(_: resilience::CircuitOpen) -> Self {
        Error::CircuitOpen
    }
}

impl From<resilience::TimedOut> for Error {
    fn from(_: resilience::TimedOut) -> Self {
        Error::TimedOut
    }
}

pub struct Service {
    pub calls: u32,
    pub fails: u32,
}

impl Service {
    fn answer(&mut self) -> Result<u32, Error> {
        self.calls += 1;
        if self.calls <= self.fails {
            Err(Error::Busy)
        } else {
            Ok(self.calls)
        }
    }

    #[retry(max_retries = 2, base_delay = 0s, retry_on(Error::Busy))]
    pub fn retried(&mut self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = 2, base_delay = 1s)]
    #[circuit_breaker(failure_threshold = 2, recovery_timeout = 1m, fallback = |_| Ok(99))]
    #[timeout(5s, mode = cooperative)]
    pub fn stacked(&mut self) -> Result<u32, Error> {
        self.answer()
    }

    #[fallback(|_| Ok(self.calls + 10), on(Error::Busy))]
    pub fn answered(&mut self) -> Result<u32, Error> {
        self.answer()
    }

    #[fallback(Self::remembered, when = |error| *error == Error::Busy, clone(text))]
    #[retry(max_retries = 1, base_delay = 1s)]
    #[timeout(5s)]
    pub async fn answered_async(&mut self, text: String) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        drop(text);
        self.answer()
    }

    async fn remembered(_: &Error, service: &mut Self, text: &str) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        text.parse()
            .map(|number: u32| number + service.calls)
            .map_err(|_| Error::TimedOut)
    }

    #[retry(max_retries = 2, base_delay = 1s, jitter = none)]
    #[circuit_breaker(failure_threshold = 3)]
    #[timeout(5s)]
    pub async fn stacked_async(&mut self) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        self.answer()
    }
}

#[timeout(1h)]
pub fn threaded(left: String, right: &'static str) -> Result<String, Error> {
    Ok(left + right)
}

#[circuit_breaker(failure_threshold = 1, failure_on(Error::Busy), error = Error::CircuitOpen)]
pub fn guarded(outcome: Result<(), Error>) -> Result<(), Error> {
    outcome
}

#[hedge(after = 10ms, budget = 1, accept_on(Error::TimedOut), clone(text))]
pub async fn hedged(text: String, slow: &std::sync::atomic::AtomicBool) -> Result<String, Error> {
    let consumed = text;
    if slow.swap(false, std::sync::atomic::Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    Ok(consumed)
}

/// It takes the only slot while it calls itself.
#[bulkhead(1, error = |_| Error::Full)]
pub fn within_itself(depth: u32) -> Result<u32, Error> {
    if depth == 0 {
        return Ok(0);
    }
    within_itself(depth - 1)
}

#[rate_limit(1, per = 1h, key = tenant)]
#[bulkhead(2, max_wait = 1s, key = tenant, max_keys = 10)]
pub async fn once_an_hour(tenant: &str) -> Result<usize, Error> {
    tokio::task::yield_now().await;
    Ok(tenant.len())
}

#[timeout(10ms)]
pub async fn hangs() -> Result<(), Error> {
    std::future::pending().await
}

#[test]
fn attributes_work_on_sync_functions() {
    let mut service = Service { calls: 0, fails: 2 };
    assert_eq!(service.retried(), Ok(3));
    assert_eq!(threaded("a".to_string(), "b"), Ok("ab".to_string()));
    assert_eq!(guarded(Err(Error::Busy)), Err(Error::Busy));
    assert_eq!(guarded(Ok(())), Err(Error::CircuitOpen));
    assert_eq!(within_itself(0), Ok(0));
    assert_eq!(within_itself(1), Err(Error::Full));
}

#[test]
fn the_stack_works_on_a_sync_method() {
    let mut service = Service { calls: 0, fails: 0 };
    assert_eq!(service.stacked(), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn attributes_work_on_async_functions() {
    let mut service = Service { calls: 0, fails: 2 };
    assert_eq!(service.stacked_async().await, Ok(3));
    assert_eq!(hangs().await, Err(Error::TimedOut));
    assert_eq!(once_an_hour("ann").await, Ok(3));
    assert_eq!(once_an_hour("ann").await, Err(Error::Limited));
    assert_eq!(once_an_hour("bo").await, Ok(2));
    let text = "x".to_string();
    assert_eq!(hedged(text.clone(), &true.into()).await, Ok(text));
}
