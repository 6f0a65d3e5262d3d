//! Refusals of circuits, as the layers around them recognise them.

use std::{error::Error, io, sync::Arc, time::Duration};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, RetryConfig, circuit_breaker, is_refusal, registry, retry,
};

/// Calls `function` while `circuit` is isolated: its error, and how often the circuit refused.
fn refused<E>(circuit: &str, function: impl FnOnce() -> Result<(), E>) -> (E, u64) {
    let refused = || registry::stats(circuit).expect("registered").refused;
    let before = refused();
    registry::isolate(circuit);
    let error = function().expect_err("the circuit is isolated");
    (error, refused() - before)
}

#[test]
fn the_refusal_in_an_error_that_tasks_share_was_not_recognised() {
    #[circuit_breaker(name = "regressions::shared")]
    fn guarded() -> io::Result<()> {
        Ok(())
    }
    guarded().unwrap();

    #[retry(base_delay = 0s)]
    fn with_io() -> Result<(), Arc<io::Error>> {
        guarded().map_err(Arc::new)
    }
    #[retry(base_delay = 0s)]
    fn with_dyn_error() -> Result<(), Arc<dyn Error + Send + Sync>> {
        guarded().map_err(|error| Arc::new(error) as _)
    }
    #[retry(base_delay = 0s)]
    fn with_anyhow() -> Result<(), Arc<anyhow::Error>> {
        guarded().map_err(|error| Arc::new(error.into()))
    }
    #[retry(base_delay = 0s)]
    fn with_boxed_anyhow() -> Result<(), Box<anyhow::Error>> {
        guarded().map_err(|error| Box::new(error.into()))
    }
    #[retry(base_delay = 0s)]
    fn with_boxed_error() -> Result<(), Arc<Box<dyn Error + Send + Sync>>> {
        guarded().map_err(|error| Arc::new(error.into()))
    }
    #[derive(Clone, Debug, thiserror::Error)]
    enum CacheError {
        #[error("not loaded")]
        NotLoaded(#[source] Arc<anyhow::Error>),
    }
    #[retry(base_delay = 0s)]
    fn with_a_source() -> Result<(), CacheError> {
        guarded().map_err(|error| CacheError::NotLoaded(Arc::new(error.into())))
    }
    const NAME: &str = "regressions::shared";
    assert_eq!(refused(NAME, with_io).1, 1);
    assert_eq!(refused(NAME, with_dyn_error).1, 1);
    assert_eq!(refused(NAME, with_anyhow).1, 1);
    assert_eq!(refused(NAME, with_boxed_anyhow).1, 1);
    assert_eq!(refused(NAME, with_boxed_error).1, 1);
    assert_eq!(refused(NAME, with_a_source).1, 1);

    #[circuit_breaker(name = "regressions::around_shared", error = |open| Arc::new(open.into()))]
    fn around() -> Result<(), Arc<anyhow::Error>> {
        guarded().map_err(|error| Arc::new(error.into()))
    }
    let error = around().expect_err("the circuit inside is isolated");
    assert!(is_refusal(&**error));
    let stats = registry::stats("regressions::around_shared").expect("it was called");
    assert_eq!((stats.failures, stats.ignored), (0, 1));
}

#[test]
fn a_retried_function_wasted_its_attempts_on_the_open_circuit_of_another_one() {
    #[circuit_breaker(name = "regressions::guarded")]
    fn guarded() -> io::Result<()> {
        Ok(())
    }
    guarded().unwrap();

    #[retry(base_delay = 0s)]
    fn with_io() -> io::Result<()> {
        guarded()
    }
    #[retry(base_delay = 0s, retry_if = |_| true)]
    fn with_filter() -> io::Result<()> {
        guarded()
    }
    #[retry(base_delay = 0s)]
    fn with_anyhow() -> anyhow::Result<()> {
        use anyhow::Context;
        guarded().context("no answer from the store")
    }
    #[retry(base_delay = 0s)]
    fn with_box() -> Result<(), Box<dyn Error>> {
        Ok(guarded()?)
    }
    #[retry(base_delay = 0s)]
    fn with_sendable_box() -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(guarded()?)
    }
    #[derive(Debug, thiserror::Error)]
    enum StoreError<'t> {
        #[error("no answer for {0}")]
        Io(&'t str, #[source] io::Error),
    }
    #[retry(base_delay = 0s)]
    fn with_lifetime(key: &str) -> Result<(), StoreError<'_>> {
        guarded().map_err(|error| StoreError::Io(key, error))
    }
    #[derive(Debug, thiserror::Error)]
    enum Transparent {
        #[error(transparent)]
        Io(#[from] io::Error),
    }
    #[retry(base_delay = 0s)]
    fn with_transparent() -> Result<(), Transparent> {
        Ok(guarded()?)
    }
    const NAME: &str = "regressions::guarded";
    assert_eq!(refused(NAME, with_io).1, 1);
    assert_eq!(refused(NAME, with_filter).1, 1);
    assert_eq!(refused(NAME, with_anyhow).1, 1);
    assert_eq!(refused(NAME, with_box).1, 1);
    assert_eq!(refused(NAME, with_sendable_box).1, 1);
    assert_eq!(refused(NAME, || with_lifetime("key")).1, 1);
    assert_eq!(refused(NAME, with_transparent).1, 1);

    #[retry(max_retries = 2, base_delay = 0s, retry_refused = true)]
    fn asks() -> io::Result<()> {
        guarded()
    }
    #[retry(max_retries = 2, base_delay = 0s, retry_on(_))]
    fn asks_by_a_pattern() -> io::Result<()> {
        guarded()
    }
    assert_eq!(refused(NAME, asks).1, 3);
    assert_eq!(refused(NAME, asks_by_a_pattern).1, 3);
}

#[test]
fn a_retried_value_wasted_its_attempts_on_an_open_circuit() {
    let breaker = CircuitBreaker::new("value", CircuitBreakerConfig::new());
    breaker.isolate();
    let config = RetryConfig::new().base_delay(Duration::ZERO);
    let outcome = config
        .prepare(|| breaker.call(|| Ok::<_, io::Error>(42)))
        .retry_if(|error| !is_refusal(error))
        .run();
    assert!(is_refusal(&outcome.unwrap_err()));
    assert_eq!(breaker.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn the_cause_was_lost_when_a_circuit_opened_during_the_retries() {
    #[circuit_breaker(name = "regressions::cause", failure_threshold = 2)]
    async fn guarded() -> io::Result<()> {
        Err(io::Error::other("down"))
    }
    #[retry(base_delay = 1s, jitter = none)]
    async fn with_io() -> io::Result<()> {
        guarded().await
    }
    #[retry(base_delay = 1s, jitter = none)]
    async fn not_send() -> Result<(), Box<dyn Error>> {
        Ok(guarded().await?)
    }
    assert_eq!(with_io().await.unwrap_err().to_string(), "down");
    let stats = registry::stats("regressions::cause").unwrap();
    assert_eq!((stats.failures, stats.refused), (2, 1));

    // A future does not keep an error that is not `Send`.
    registry::reset("regressions::cause");
    let error = not_send().await.unwrap_err();
    assert!(is_refusal(&*error), "{error}");
}

#[test]
fn a_circuit_counted_the_refusal_of_another_one_as_a_failure() {
    #[circuit_breaker(name = "regressions::inner")]
    fn inner() -> io::Result<()> {
        Ok(())
    }
    #[circuit_breaker(name = "regressions::outer")]
    fn outer() -> io::Result<()> {
        inner()
    }
    #[circuit_breaker(name = "regressions::counting", failure_on(_))]
    fn counting() -> io::Result<()> {
        inner()
    }
    outer().unwrap();
    counting().unwrap();
    registry::isolate("regressions::inner");
    outer().unwrap_err();
    counting().unwrap_err();
    let counted = |name| {
        let stats = registry::stats(name).expect("registered");
        (stats.ignored, stats.failures)
    };
    assert_eq!(counted("regressions::outer"), (1, 0));
    assert_eq!(counted("regressions::counting"), (0, 1));
}
