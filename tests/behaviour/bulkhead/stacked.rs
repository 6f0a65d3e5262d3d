//! A bulkhead between other layers.

use std::{
    cell::Cell,
    future::pending,
    sync::mpsc::{self, Receiver, Sender},
    time::Duration,
};

use resilience::{TimedOut, bulkhead, circuit_breaker, registry, retry, timeout};
use tokio::time::{Instant, sleep};

use super::{ApiError, Running, poll, stats};
use crate::{abandoned::abandon, fault::Fault};

/// Only a test that fails waits for so long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_retry_does_not_retry_a_refusal_and_a_circuit_ignores_it() {
    #[retry(max_retries = 3, base_delay = 1s)]
    #[circuit_breaker(name = "stacked::ignores", failure_threshold = 1)]
    #[bulkhead(1, name = "stacked::refuses")]
    async fn fetch() -> Result<(), Fault> {
        pending().await
    }
    let mut first = Box::pin(fetch());
    assert!(poll(first.as_mut()).is_pending());
    assert_eq!(fetch().await, Err(Fault::Full));
    let circuit = registry::stats("stacked::ignores").unwrap();
    assert_eq!(
        (circuit.failures, circuit.ignored, circuit.opened),
        (0, 1, 0)
    );
    assert_eq!(
        stats("stacked::refuses").refused,
        1,
        "there was one attempt"
    );
}

#[test]
fn a_sync_stack_does_the_same() {
    #[retry(max_retries = 3, base_delay = 0s)]
    #[circuit_breaker(name = "stacked::sync", failure_threshold = 1)]
    #[bulkhead(1, name = "stacked::sync")]
    fn fetch(inside: &mut dyn FnMut() -> Result<(), Fault>) -> Result<(), Fault> {
        inside()
    }
    let attempts = Cell::new(0);
    let outcome = fetch(&mut || {
        attempts.set(attempts.get() + 1);
        assert_eq!(fetch(&mut || Ok(())), Err(Fault::Full));
        Ok(())
    });
    assert_eq!((outcome, attempts.get()), (Ok(()), 1));
    let circuit = registry::stats("stacked::sync").unwrap();
    assert_eq!((circuit.successes, circuit.ignored), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_asks_for_refusals_tries_again() {
    #[retry(max_retries = 5, strategy = constant, base_delay = 1s, jitter = none, retry_refused = true)]
    #[bulkhead(1, name = "stacked::asks")]
    async fn fetch(time: Duration) -> Result<(), Fault> {
        sleep(time).await;
        Ok(())
    }
    let start = Instant::now();
    let second = Duration::from_millis(2_500);
    let (one, two) = tokio::join!(fetch(second), fetch(second));
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(
        start.elapsed(),
        Duration::from_millis(5_500),
        "the third retry found the slot free"
    );
    assert_eq!(stats("stacked::asks").refused, 3);
}

#[tokio::test(start_paused = true)]
async fn below_a_retry_no_slot_is_held_between_two_attempts() {
    #[retry(max_retries = 1, base_delay = 10s, jitter = none)]
    #[bulkhead(1, name = "stacked::between")]
    async fn fetch(running: &Running) -> Result<(), Fault> {
        let _running = running.enter();
        sleep(Duration::from_secs(1)).await;
        Err(Fault::Down)
    }
    let running = Running::default();
    let mut call = Box::pin(fetch(&running));
    let in_use = || stats("stacked::between").in_use;
    assert!(poll(call.as_mut()).is_pending());
    assert_eq!(in_use(), 1);
    let _ = tokio::time::timeout(Duration::from_secs(5), call.as_mut()).await;
    assert_eq!(in_use(), 0, "it waits for its second attempt");
    assert_eq!(call.await, Err(Fault::Down));
    assert_eq!(stats("stacked::between").admitted, 2);
}

#[tokio::test(start_paused = true)]
async fn above_a_retry_one_slot_is_held_for_all_attempts() {
    #[bulkhead(1, name = "stacked::above")]
    #[retry(max_retries = 1, base_delay = 10s, jitter = none)]
    async fn fetch() -> Result<(), Fault> {
        Err(Fault::Down)
    }
    let (one, two) = tokio::join!(fetch(), fetch());
    assert_eq!((one, two), (Err(Fault::Down), Err(Fault::Full)));
    assert_eq!(stats("stacked::above").admitted, 1);
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_part_of_the_limit_of_a_timeout_outside() {
    #[timeout(3s)]
    #[bulkhead(1, max_wait = 2s, name = "stacked::limit")]
    async fn fetch(time: Duration) -> Result<(), Fault> {
        sleep(time).await;
        Ok(())
    }
    let start = Instant::now();
    let seconds = Duration::from_secs;
    let (one, two) = tokio::join!(fetch(seconds(1)), fetch(seconds(5)));
    assert_eq!((one, two), (Ok(()), Err(Fault::Late)));
    assert_eq!(start.elapsed(), seconds(3));
    assert_eq!(
        stats("stacked::limit").in_use,
        0,
        "the timeout freed the slot"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_failure_returns_the_failure() {
    #[retry(max_retries = 3, base_delay = 1s, jitter = none)]
    #[bulkhead(1, name = "stacked::last")]
    async fn fetch() -> Result<(), Fault> {
        Err(Fault::Down)
    }
    let call = tokio::spawn(fetch());
    tokio::task::yield_now().await;
    let pool =
        registry::get_or_register_bulkhead("stacked::last", resilience::BulkheadConfig::new(1));
    let _permit = pool.acquire().unwrap();
    assert_eq!(call.await.unwrap(), Err(Fault::Down));
    assert_eq!(stats("stacked::last").refused, 1);
}

#[test]
fn a_worker_holds_the_slot_until_its_body_ends() {
    #[timeout(limit, error = Some)]
    #[bulkhead(1, name = "stacked::worker", error = |_| None)]
    fn fetch(
        limit: Duration,
        begun: Sender<()>,
        go_on: Receiver<()>,
    ) -> Result<(), Option<TimedOut>> {
        let _ = begun.send(());
        let _ = go_on.recv();
        Ok(())
    }
    let (begun, has_begun) = mpsc::channel();
    let (_, may_go) = abandon(|limit, go_on| {
        let outcome = fetch(limit, begun.clone(), go_on);
        outcome.unwrap_err().expect("the slot is free")
    });
    has_begun.recv_timeout(LONGEST_WAIT).expect("it has begun");
    assert_eq!(stats("stacked::worker").in_use, 1);
    drop(may_go);
    let end = std::time::Instant::now() + LONGEST_WAIT;
    while stats("stacked::worker").in_use > 0 {
        let is_early = std::time::Instant::now() < end;
        assert!(is_early, "the slot is not given back");
        std::thread::yield_now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_returns_a_future_makes_it_in_its_slot() {
    #[bulkhead(1, name = "stacked::future", max_wait = 1m)]
    fn fetch(running: &Running) -> impl Future<Output = Result<(), ApiError>> {
        async move {
            let _running = running.enter();
            sleep(Duration::from_secs(1)).await;
            Ok(())
        }
    }
    let running = Running::default();
    let (one, two) = tokio::join!(fetch(&running), fetch(&running));
    assert_eq!((one, two, running.most.get()), (Ok(()), Ok(()), 1));
}

#[test]
fn the_statistics_describe_the_layer() {
    #[bulkhead(7, max_wait = 2s, name = "stacked::described", operation = "stacked.described")]
    fn fetch() -> Result<(), Fault> {
        Ok(())
    }
    fetch().unwrap();
    let operation = registry::operation("stacked.described").unwrap();
    let settings: Vec<_> = operation.stack[0]
        .settings
        .iter()
        .map(|setting| (setting.setting, setting.value.as_str()))
        .collect();
    assert_eq!(operation.stack[0].policy, "bulkhead");
    assert_eq!(
        settings,
        [
            ("name", "stacked::described"),
            ("max_concurrent", "7"),
            ("max_wait", "2s")
        ]
    );
}
