//! Each test is named after a fault that once was there.

use std::cell::Cell;
use std::error::Error;
use std::future::Future;
use std::io;
use std::panic::UnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Waker};
use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, RetryConfig, TimeoutConfig, circuit_breaker, is_refusal,
    registry, retry, timeout,
};

/// Tells when it is dropped.
struct Lock(mpsc::Sender<&'static str>);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.send("released");
    }
}

#[test]
fn an_argument_that_is_only_held_was_dropped_while_the_abandoned_body_ran() {
    #[timeout(20ms)]
    fn work(
        _lock: Lock,
        done: mpsc::Sender<&'static str>,
        go_on: mpsc::Receiver<()>,
    ) -> io::Result<()> {
        let _ = go_on.recv();
        let _ = done.send("ended");
        Ok(())
    }
    let (tell, told) = mpsc::channel();
    let (go, go_on) = mpsc::channel();
    let late = work(Lock(tell.clone()), tell, go_on).unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    assert!(
        told.try_recv().is_err(),
        "the lock is held as long as the body runs"
    );
    go.send(()).unwrap();
    let events: Vec<_> = told.iter().collect();
    assert_eq!(events, ["ended", "released"]);
}

#[test]
fn an_argument_of_which_one_field_is_used_was_dropped_in_part() {
    struct Job {
        _lock: Lock,
        done: mpsc::Sender<&'static str>,
        go_on: mpsc::Receiver<()>,
    }
    #[timeout(20ms)]
    fn work(job: Job) -> io::Result<()> {
        let _ = job.go_on.recv();
        let _ = job.done.send("ended");
        Ok(())
    }
    let (tell, told) = mpsc::channel();
    let (go, go_on) = mpsc::channel();
    work(Job {
        _lock: Lock(tell.clone()),
        done: tell,
        go_on,
    })
    .unwrap_err();
    go.send(()).unwrap();
    let events: Vec<_> = told.iter().collect();
    assert_eq!(events, ["ended", "released"]);
}

#[test]
fn run_time_values_inside_a_worker_were_computed_for_each_attempt() {
    static COMPUTED: AtomicU32 = AtomicU32::new(0);
    fn retries() -> u32 {
        COMPUTED.fetch_add(1, SeqCst);
        1
    }
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(1h)]
    #[retry(max_retries = retries(), base_delay = 0s)]
    fn fetch(calls: Arc<AtomicU32>) -> io::Result<()> {
        calls.fetch_add(1, SeqCst);
        Err(io::Error::other("busy"))
    }
    let calls = Arc::new(AtomicU32::new(0));
    fetch(Arc::clone(&calls)).unwrap_err();
    assert_eq!((calls.load(SeqCst), COMPUTED.load(SeqCst)), (6, 1));
}

#[test]
fn an_argument_that_only_a_format_string_names_was_not_copied_for_the_worker() {
    #[retry(max_retries = 1, base_delay = 0s)]
    #[timeout(1h, error = |late| late.to_string())]
    fn fetch(url: String) -> Result<(), String> {
        Err(format!("no answer from {url:?}"))
    }
    assert_eq!(
        fetch("there".to_owned()).unwrap_err(),
        "no answer from \"there\""
    );
}

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

#[test]
fn a_method_of_a_constant_was_taken_for_constant() {
    struct Settings;
    impl Settings {
        fn retries(&self) -> u32 {
            2
        }
    }
    static SETTINGS: LazyLock<Settings> = LazyLock::new(|| Settings);
    const BASE: Duration = Duration::from_micros(2);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    #[retry(max_retries = SETTINGS.retries(), base_delay = BASE.mul_f64(0.5))]
    fn fetch() -> io::Result<()> {
        CALLS.fetch_add(1, SeqCst);
        Err(io::Error::other("busy"))
    }
    fetch().unwrap_err();
    assert_eq!(CALLS.load(SeqCst), 3);
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
async fn a_used_up_limit_panicked_beside_a_config() {
    const CONFIG: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5));
    #[timeout(left, config = CONFIG)]
    async fn fetch(left: Duration) -> io::Result<()> {
        std::future::pending().await
    }
    assert_eq!(
        fetch(Duration::ZERO).await.unwrap_err().kind(),
        io::ErrorKind::TimedOut
    );
}

/// An attempt that awaits nothing. It gives up where a retry that never gives way would go on for
/// ever.
fn busy(calls: &AtomicU32) -> io::Result<()> {
    let calls = calls.fetch_add(1, SeqCst);
    assert!(calls < 100_000, "the retry gives way to nobody");
    Err(io::Error::other("busy"))
}

#[tokio::test(start_paused = true)]
async fn a_retry_without_delay_was_not_ended_by_the_timeout_above_it() {
    #[timeout(100ms)]
    #[retry(max_retries = u32::MAX, base_delay = 0s)]
    async fn zero_delay(calls: &AtomicU32) -> io::Result<()> {
        busy(calls)
    }
    #[timeout(100ms)]
    #[retry(max_retries = u32::MAX, delay_hint = |_| Some(Duration::ZERO))]
    async fn zero_hint(calls: &AtomicU32) -> io::Result<()> {
        busy(calls)
    }
    #[timeout(100ms)]
    #[retry(max_retries = u32::MAX, base_delay = 0s, retry_if_ok = |()| true)]
    async fn zero_delay_after_a_value(calls: &AtomicU32) -> io::Result<()> {
        busy(calls).or(Ok(()))
    }
    #[timeout(100ms)]
    async fn below_another_function(calls: &AtomicU32) -> io::Result<()> {
        #[retry(max_retries = u32::MAX, base_delay = 0s)]
        async fn inner(calls: &AtomicU32) -> io::Result<()> {
            busy(calls)
        }
        inner(calls).await
    }
    #[timeout(100ms)]
    async fn value(calls: &AtomicU32) -> io::Result<()> {
        let config = RetryConfig::new().max_retries(u32::MAX);
        config
            .base_delay(Duration::ZERO)
            .run_async(|| async { busy(calls) })
            .await
    }
    async fn ended(call: impl Future<Output = io::Result<()>>) -> io::Result<()> {
        // A paused clock stands still while a task can run, so a neighbour moves it.
        let clock = tokio::spawn(tokio::time::advance(Duration::from_millis(100)));
        let outcome = call.await;
        clock.await.unwrap();
        outcome
    }
    let calls = || AtomicU32::new(0);
    // The retry does not begin a wait at the deadline, so its last outcome is returned.
    for outcome in [
        ended(zero_delay(&calls())).await,
        ended(zero_hint(&calls())).await,
        ended(below_another_function(&calls())).await,
        ended(value(&calls())).await,
    ] {
        assert_eq!(outcome.unwrap_err().to_string(), "busy");
    }
    ended(zero_delay_after_a_value(&calls())).await.unwrap();
}

#[tokio::test]
async fn a_retry_without_delay_could_not_be_aborted() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    #[retry(max_retries = u32::MAX, base_delay = 0s)]
    async fn hot() -> io::Result<()> {
        busy(&CALLS)
    }
    let task = tokio::spawn(hot());
    // The neighbour of the task runs again before the attempts are used up.
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[test]
fn a_retry_without_delay_gives_way_outside_of_tokio_too() {
    #[retry(max_retries = 99, base_delay = 0s)]
    async fn hot(calls: &AtomicU32) -> io::Result<()> {
        busy(calls)
    }
    let calls = AtomicU32::new(0);
    let mut call = std::pin::pin!(hot(&calls));
    let mut made = Vec::new();
    while call
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
    {
        made.push(calls.load(SeqCst));
    }
    assert_eq!((made, calls.load(SeqCst)), (vec![31, 63, 95], 100));
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

#[tokio::test(start_paused = true)]
async fn a_stateful_filter_lost_a_token_after_the_last_attempt() {
    #[retry(max_retries = 2, retry_if = |_| take(tokens), on_retry = |_| told.set(told.get() + 1))]
    async fn call(tokens: &Cell<u32>, told: &Cell<u32>) -> io::Result<()> {
        Err(io::Error::other("busy"))
    }
    fn take(tokens: &Cell<u32>) -> bool {
        tokens.set(tokens.get() - 1);
        true
    }
    let (tokens, told) = (Cell::new(10), Cell::new(0));
    call(&tokens, &told).await.unwrap_err();
    assert_eq!((tokens.get(), told.get()), (8, 2));
}

/// Its futures borrow from the closure. A lock lends the connection to one attempt after the other.
#[tokio::test(start_paused = true)]
async fn a_closure_that_changes_what_it_captures_was_not_taken() {
    struct Connection(u32);
    impl Connection {
        async fn ping(&mut self) -> Result<u32, &'static str> {
            self.0 += 1;
            if self.0 < 3 { Err("busy") } else { Ok(self.0) }
        }
        #[retry]
        async fn ping_again(&mut self) -> Result<u32, &'static str> {
            self.ping().await
        }
    }
    let mut connection = Connection(0);
    let lent = tokio::sync::Mutex::new(&mut connection);
    let config = RetryConfig::new();
    let pinged = config.run_async(|| async { lent.lock().await.ping().await });
    assert_eq!(pinged.await, Ok(3));
    assert_eq!(Connection(0).ping_again().await, Ok(3));
}
