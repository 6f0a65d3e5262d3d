use super::*;
use crate::retry::Jitter;
use core::cell::{Cell, RefCell};
use core::future::{pending, poll_fn};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);
const AT_ONCE: RetryConfig = CONFIG.base_delay(Duration::ZERO);

/// Fails until call `succeeds_on`.
fn attempt(calls: &Cell<u32>, succeeds_on: u32) -> Result<u32, String> {
    calls.set(calls.get() + 1);
    if calls.get() == succeeds_on {
        Ok(calls.get())
    } else {
        Err(format!("failure {}", calls.get()))
    }
}

#[test]
fn run_returns_the_first_success() {
    for succeeds_on in 1..=4 {
        let calls = Cell::new(0);
        let outcome = AT_ONCE.run(|| attempt(&calls, succeeds_on));
        assert_eq!((outcome, calls.get()), (Ok(succeeds_on), succeeds_on));
    }
}

#[test]
fn run_returns_the_last_error_as_it_was() {
    let calls = Cell::new(0);
    let outcome = AT_ONCE.run(|| attempt(&calls, 5));
    assert_eq!((outcome, calls.get()), (Err("failure 4".to_owned()), 4));
}

#[test]
fn run_sleeps_between_attempts() {
    let start = std::time::Instant::now();
    let calls = Cell::new(0);
    let config = CONFIG.base_delay(Duration::from_millis(2));
    assert_eq!(config.run(|| attempt(&calls, 2)), Ok(2));
    assert!(start.elapsed() >= Duration::from_millis(2));
}

#[test]
fn a_panic_passes_through_run() {
    let panic = catch_unwind(|| AT_ONCE.run(|| -> Result<(), ()> { panic!("on purpose") }));
    assert_eq!(
        panic.unwrap_err().downcast_ref::<&str>(),
        Some(&"on purpose")
    );
}

#[tokio::test(start_paused = true)]
async fn run_async_waits_between_attempts_and_not_after_the_last() {
    let start = Instant::now();
    let calls = Cell::new(0);
    let outcome = CONFIG
        .run_async(|| async {
            tokio::time::sleep(10 * SECOND).await;
            attempt(&calls, 5)
        })
        .await;
    assert_eq!(outcome, Err("failure 4".to_owned()));
    assert_eq!(start.elapsed(), (4 * 10 + 1 + 2 + 4) * SECOND);
}

#[tokio::test(start_paused = true)]
async fn time_counts_from_the_first_poll() {
    let calls = Cell::new(0);
    let config = CONFIG.max_elapsed(2 * SECOND);
    let retrying = config.run_async(|| async { attempt(&calls, 2) });
    tokio::time::advance(60 * SECOND).await;
    assert_eq!(calls.get(), 0);
    assert_eq!(retrying.await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn max_elapsed_includes_the_attempts() {
    let start = Instant::now();
    let calls = Cell::new(0);
    let outcome = CONFIG
        .max_elapsed(8 * SECOND)
        .run_async(|| async {
            tokio::time::sleep(3 * SECOND).await;
            attempt(&calls, 4)
        })
        .await;
    // The time spent is 3 + 1 + 3 = 7, and the next delay would reach 9.
    assert_eq!(outcome, Err("failure 2".to_owned()));
    assert_eq!(start.elapsed(), 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_attempts_future_is_dropped_before_the_wait() {
    struct LogsDrop<'a>(&'a RefCell<Vec<Instant>>);
    impl Drop for LogsDrop<'_> {
        fn drop(&mut self) {
            self.0.borrow_mut().push(Instant::now());
        }
    }
    let start = Instant::now();
    let drops = RefCell::new(Vec::new());
    let outcome: Result<(), ()> = CONFIG
        .max_retries(1)
        .run_async(|| {
            let guard = LogsDrop(&drops);
            // Held by the future itself, not by a body that ends: dropped with the future only.
            poll_fn(move |_| {
                let _held = &guard;
                Poll::Ready(Err(()))
            })
        })
        .await;
    assert_eq!(outcome, Err(()));
    assert_eq!(*drops.borrow(), [start, start + SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_runs_nothing_more() {
    let calls = Cell::new(0);
    let retrying = CONFIG.run_async(|| async { attempt(&calls, 4) });
    assert!(tokio::time::timeout(2 * SECOND, retrying).await.is_err());
    tokio::time::advance(60 * SECOND).await;
    assert_eq!(calls.get(), 2);
}

#[test]
fn zero_delays_need_no_runtime() {
    let calls = Cell::new(0);
    let mut retrying = core::pin::pin!(AT_ONCE.run_async(|| async { attempt(&calls, 3) }));
    let mut cx = Context::from_waker(core::task::Waker::noop());
    assert_eq!(retrying.as_mut().poll(&mut cx), Poll::Ready(Ok(3)));
    let again = catch_unwind(AssertUnwindSafe(|| retrying.as_mut().poll(&mut cx)));
    assert!(again.is_err(), "polled after completion");
    assert_eq!(calls.get(), 3);
}

#[test]
fn the_future_is_send_if_the_attempts_are() {
    fn is_send(_: &impl Send) -> bool {
        true
    }
    let text = String::from("borrowed");
    assert!(is_send(&CONFIG.run_async(|| async {
        tokio::task::yield_now().await;
        Err::<(), _>(text.len())
    })));
}

#[test]
fn the_future_is_as_large_as_its_larger_phase() {
    let large = CONFIG.run_async(|| async {
        let held = [0_u8; 1000];
        pending::<()>().await;
        if held[0] == 0 { Ok(()) } else { Err(()) }
    });
    // The attempt, its configuration and progress: no second copy, and no room for a wait beside
    // it.
    assert!(size_of_val(&large) <= 1000 + 192, "{}", size_of_val(&large));
    let small = CONFIG.run_async(|| async { Err::<(), _>(()) });
    let wait = size_of::<Backoff>();
    assert!(size_of_val(&small) <= wait + 192, "{}", size_of_val(&small));
}

#[test]
fn the_future_can_be_printed() {
    let retrying = CONFIG.run_async(|| async { Err::<(), _>(()) });
    assert!(format!("{retrying:?}").starts_with("RetryFuture { config: RetryConfig {"));
    let prepared = CONFIG.prepare(|| Err::<(), _>(())).operation("fetch");
    assert!(format!("{prepared:?}").ends_with("operation: \"fetch\", .. }"));
}

#[test]
fn every_hook_is_asked_in_a_sync_run() {
    let (calls, mut told) = (Cell::new(0), Vec::new());
    let outcome = AT_ONCE
        .max_retries(9)
        .prepare(|| attempt(&calls, 4))
        .operation("fetch")
        .retry_if(|error| error.starts_with("failure"))
        .abort_if(|error| error == "failure 9")
        .retry_if_ok(|value| *value == 4)
        .delay_hint(|_| None)
        .on_retry(|event| {
            told.push((
                event.operation.to_owned(),
                event.attempt,
                event.outcome.is_ok(),
            ));
        })
        .run();
    assert_eq!((outcome, calls.get()), (Err("failure 9".to_owned()), 9));
    let told: Vec<_> = told
        .iter()
        .map(|(name, attempt, is_ok)| (name.as_str(), *attempt, *is_ok))
        .collect();
    assert_eq!(
        told,
        [1, 2, 3, 4, 5, 6, 7, 8].map(|attempt| ("fetch", attempt, attempt == 4))
    );
}

#[tokio::test(start_paused = true)]
async fn every_hook_is_asked_in_an_async_run() {
    let (start, calls, told) = (Instant::now(), Cell::new(0), RefCell::new(Vec::new()));
    let outcome = CONFIG
        .run_async(|| async { attempt(&calls, 2) })
        .operation("fetch")
        .on_retry(|event| {
            told.borrow_mut()
                .push((event.operation.to_owned(), event.delay, event.elapsed));
        })
        .delay_hint(|error| (error == "failure 1").then_some(7 * SECOND))
        .retry_if_ok(|value| *value == 2)
        .abort_if(|error| error == "failure 3")
        .retry_if(|_| true)
        .await;
    assert_eq!((outcome, calls.get()), (Err("failure 3".to_owned()), 3));
    assert_eq!(start.elapsed(), (7 + 2) * SECOND);
    let fetch = || "fetch".to_owned();
    assert_eq!(
        *told.borrow(),
        [
            (fetch(), 7 * SECOND, Duration::ZERO),
            (fetch(), 2 * SECOND, 7 * SECOND)
        ]
    );
}

#[test]
fn two_filters_must_agree_and_the_first_hint_wins() {
    let calls = Cell::new(0);
    let outcome = AT_ONCE
        .prepare(|| attempt(&calls, 9))
        .retry_if(|error| error != "failure 2")
        .retry_if(|error| error != "failure 1")
        .run();
    assert_eq!(outcome, Err("failure 1".to_owned()));
    let mut delays = Vec::new();
    let outcome = AT_ONCE
        .max_retries(1)
        .prepare(|| attempt(&calls, 9))
        .delay_hint(|_| Some(Duration::from_nanos(1)))
        .delay_hint(|_| -> RetryHint { unreachable!() })
        .on_retry(|event| delays.push(event.delay))
        .run();
    assert_eq!(outcome, Err("failure 3".to_owned()));
    assert_eq!(delays, [Duration::from_nanos(1)]);
}

#[test]
fn nobody_is_asked_after_the_last_attempt() {
    let outcome = AT_ONCE
        .max_retries(0)
        .prepare(|| Err::<(), _>("busy"))
        .retry_if(|_| unreachable!())
        .abort_if(|_| unreachable!())
        .delay_hint(|_| -> RetryHint { unreachable!() })
        .on_retry(|_| unreachable!())
        .run();
    assert_eq!(outcome, Err("busy"));
}
