//! Retries without a delay.

use std::{
    future::Future,
    io,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    task::{Context, Waker},
    time::Duration,
};

use resilience::{RetryConfig, retry, timeout};

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
