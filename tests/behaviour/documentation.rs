//! Claims of the guide and of rustdoc that belong to no other part of the promise.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, RetryConfig, TimedOut, TimeoutConfig,
    circuit_breaker, deadline, registry, retry, timeout,
};

use crate::abandoned::abandon;

/// Time enough for anything that a test waits for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[test]
fn thread_locals_and_the_runtime_are_the_workers() {
    thread_local! {
        static REQUEST: Cell<u32> = const { Cell::new(0) };
    }
    #[timeout(1h)]
    fn on_a_worker() -> Result<(u32, bool), TimedOut> {
        Ok((REQUEST.get(), tokio::runtime::Handle::try_current().is_ok()))
    }
    #[timeout(1h, mode = cooperative)]
    fn in_place() -> Result<(u32, bool), TimedOut> {
        Ok((REQUEST.get(), tokio::runtime::Handle::try_current().is_ok()))
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    REQUEST.set(7);
    assert_eq!(on_a_worker().expect("in time"), (0, false));
    assert_eq!(in_place().expect("in time"), (7, true));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_worker_is_real_time_where_the_clock_is_paused() {
    #[timeout(20ms)]
    fn hang(go_on: mpsc::Receiver<()>) -> Result<(), TimedOut> {
        let _ = go_on.recv_timeout(LONGEST_WAIT);
        Ok(())
    }
    let (held, go_on) = mpsc::channel();
    let (virtual_start, start) = (tokio::time::Instant::now(), Instant::now());
    hang(go_on).expect_err("nobody lets it go on");
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!(virtual_start.elapsed(), Duration::ZERO);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_sync_retry_waits_in_real_time_where_the_clock_is_paused() {
    #[retry(max_retries = 1, base_delay = 20ms, jitter = none)]
    fn fail() -> Result<(), &'static str> {
        Err("down")
    }
    let (virtual_start, start) = (tokio::time::Instant::now(), Instant::now());
    assert_eq!(fail(), Err("down"));
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!(virtual_start.elapsed(), Duration::ZERO);
}

#[test]
fn a_deadline_is_the_bodys_own_and_not_of_the_threads_that_it_starts() {
    #[timeout(1h, mode = cooperative)]
    fn body() -> Result<(bool, bool), TimedOut> {
        let elsewhere = thread::spawn(|| deadline().is_some())
            .join()
            .expect("no panic");
        Ok((deadline().is_some(), elsewhere))
    }
    assert_eq!(body().expect("in time"), (true, false));
}

/// Returns the counts of a circuit that is inside of a thread timeout whose body was late.
fn late_inside(
    name: &'static str,
    call: fn(Duration, mpsc::Receiver<()>) -> Result<(), Option<TimedOut>>,
) -> (u64, u64) {
    let (_, may_end) =
        abandon(|limit, end| call(limit, end).unwrap_err().expect("the limit runs out"));
    may_end.send(()).expect("the body waits");
    let start = Instant::now();
    loop {
        let stats = registry::stats(name).expect("called");
        if stats.successes + stats.failures > 0 {
            return (stats.successes, stats.failures);
        }
        assert!(
            start.elapsed() < LONGEST_WAIT,
            "the body has ended long ago"
        );
        thread::yield_now();
    }
}

#[test]
fn a_sync_body_that_is_late_counts_by_what_it_returns_in_the_end() {
    #[timeout(limit, error = Some)]
    #[circuit_breaker(name = "documentation::late", error = |_| None)]
    fn late(limit: Duration, end: mpsc::Receiver<()>) -> Result<(), Option<TimedOut>> {
        end.recv_timeout(LONGEST_WAIT).map_err(|_| None)
    }
    #[timeout(limit, error = Some)]
    #[circuit_breaker(name = "documentation::slow", slow_call = 1ms, error = |_| None)]
    fn late_and_slow(limit: Duration, end: mpsc::Receiver<()>) -> Result<(), Option<TimedOut>> {
        let result = end.recv_timeout(LONGEST_WAIT).map_err(|_| None);
        thread::sleep(Duration::from_millis(2));
        result
    }
    assert_eq!(late_inside("documentation::late", late), (1, 0));
    assert_eq!(late_inside("documentation::slow", late_and_slow), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_only_hangs_opens_no_circuit_inside_of_the_timeout() {
    #[timeout(1s, error = |_| "late")]
    #[circuit_breaker(name = "documentation::hangs", failure_threshold = 1, error = "open")]
    async fn hangs() -> Result<(), &'static str> {
        std::future::pending().await
    }
    for _ in 0..10 {
        assert_eq!(hangs().await, Err("late"));
    }
    let stats = registry::stats("documentation::hangs").expect("called");
    assert_eq!((stats.state, stats.abandoned), (CircuitState::Closed, 10));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_calls_another_function_of_its_circuit_is_refused_inside() {
    #[circuit_breaker(name = "documentation::shared", failure_threshold = 1, error = "open")]
    fn inner(fails: bool) -> Result<(), &'static str> {
        if fails { Err("down") } else { Ok(()) }
    }
    #[circuit_breaker(name = "documentation::shared", failure_threshold = 1, error = "open")]
    fn outer() -> Result<(), &'static str> {
        inner(false)
    }
    assert_eq!(outer(), Ok(()));
    assert_eq!(inner(true), Err("down"));
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(outer(), Err("open"));
}

/// Polls once, where there is no runtime.
fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_wait_outside_of_a_runtime_panics_and_a_call_that_need_not_wait_does_not() {
    #[retry(max_retries = 1, base_delay = 1s, jitter = none)]
    async fn call(result: Result<u32, &'static str>) -> Result<u32, &'static str> {
        result
    }
    assert_eq!(poll(call(Ok(7))), Poll::Ready(Ok(7)));
    catch_unwind(|| poll(call(Err("down")))).expect_err("there is no timer");
    let value = RetryConfig::new().run_async(|| async { Err::<(), _>("down") });
    catch_unwind(AssertUnwindSafe(|| poll(value))).expect_err("there is no timer");
}

#[test]
fn a_retry_value_begins_no_wait_that_would_outlast_the_deadline() {
    let calls = Cell::new(0);
    let start = Instant::now();
    let result = TimeoutConfig::new(Duration::from_secs(5)).run_cooperative(|| {
        RetryConfig::new()
            .base_delay(Duration::from_secs(60))
            .jitter(resilience::Jitter::None)
            .run(|| {
                calls.set(calls.get() + 1);
                Err::<(), _>("down")
            })
    });
    assert_eq!(result.expect("in time"), Err("down"));
    assert_eq!(calls.get(), 1);
    assert!(start.elapsed() < Duration::from_secs(50));
}

#[test]
fn options_around_a_worker_see_the_arguments_that_are_copied_to_it() {
    #[retry(max_retries = 1, base_delay = 0s, retry_if = |_| text == "again")]
    #[circuit_breaker(name = "documentation::copies", failure_if = |_| number == 7, error = "open")]
    #[timeout(1h, error = |_| "late")]
    fn retried(text: String, number: u32) -> Result<(), &'static str> {
        let _ = (text, number);
        Err("down")
    }
    #[circuit_breaker(name = "documentation::copied", failure_if = |_| number == 7, error = "open")]
    #[timeout(1h, error = |_| "late")]
    fn guarded(number: u32) -> Result<(), &'static str> {
        let _ = number;
        Err("down")
    }
    assert_eq!(retried("again".to_owned(), 7), Err("down"));
    assert_eq!(
        registry::stats("documentation::copies")
            .expect("called")
            .failures,
        2
    );
    assert_eq!(guarded(7), Err("down"));
    assert_eq!(guarded(8), Err("down"));
    let stats = registry::stats("documentation::copied").expect("called");
    assert_eq!((stats.failures, stats.successes), (1, 1));
}

#[test]
fn a_breaker_made_by_hand_is_in_no_registry() {
    let breaker = CircuitBreaker::new("documentation::apart", CircuitBreakerConfig::new());
    assert_eq!(
        breaker.call(|| Ok::<_, std::io::Error>(1)).expect("closed"),
        1
    );
    assert!(registry::get("documentation::apart").is_none());
}

#[test]
fn the_guide_names_every_alert_and_no_other() {
    let rules = include_str!("../../docs/alerts.yml");
    let page = include_str!("../../resilience-runtime/src/guide/alerts.md");
    let rules: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let named: Vec<_> = page
        .lines()
        .skip_while(|line| !line.starts_with("| alert |"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(named, rules);
}

#[test]
fn the_pages_that_the_readmes_link_to_exist() {
    let readmes = [
        include_str!("../../README.md"),
        include_str!("../../resilience-runtime/README.md"),
    ];
    let pages = include_str!("../../resilience-runtime/src/guide/mod.rs");
    let mut links = 0;
    for readme in readmes {
        for link in readme.split("/resilience/guide/").skip(1) {
            let page = link.split(['/', ')']).next().unwrap_or_default();
            links += 1;
            let exists = page.is_empty() || pages.contains(&format!("pub mod {page} {{"));
            assert!(exists, "the guide has no page `{page}`");
        }
    }
    assert!(links > 10, "the READMEs link to {links} pages");
}
