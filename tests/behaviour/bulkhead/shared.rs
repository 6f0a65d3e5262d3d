//! Functions that share a bulkhead by its name.

use std::{thread, time::Duration};

use resilience::{BulkheadConfig, bulkhead, registry};
use tokio::time::{Instant, sleep};

use super::{ApiError, poll, stats};

#[bulkhead(2, name = "shared::both", max_wait = 1m)]
async fn read(time: Duration) -> Result<(), ApiError> {
    sleep(time).await;
    Ok(())
}

#[bulkhead(2, name = "shared::both")]
fn write() -> Result<(), ApiError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn sync_and_async_functions_share_and_wait_for_different_times() {
    let hour = Duration::from_secs(3600);
    let [mut one, mut two] = [0; 2].map(|_| Box::pin(read(hour)));
    assert!(poll(one.as_mut()).is_pending() && poll(two.as_mut()).is_pending());
    assert!(write().is_err(), "it does not wait");
    let start = Instant::now();
    assert!(read(hour).await.is_err(), "it waits a minute");
    assert_eq!(start.elapsed().as_secs(), 60);
    drop(one);
    assert!(write().is_ok());
    let stats = stats("shared::both");
    assert_eq!((stats.in_use, stats.admitted, stats.refused), (1, 3, 2));
}

#[test]
fn a_hundred_threads_never_exceed_the_limit() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NOW: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    #[bulkhead(4, name = "shared::threads", max_wait = 10m)]
    fn enter() -> Result<(), ApiError> {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::yield_now();
        NOW.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| (0..20).for_each(|_| enter().unwrap()));
        }
    });
    assert!((1..=4).contains(&MOST.load(Ordering::SeqCst)));
    let stats = stats("shared::threads");
    assert_eq!(
        (stats.in_use, stats.waiting, stats.admitted, stats.refused),
        (0, 0, 2_000, 0)
    );
}

#[test]
fn two_functions_with_different_limits_keep_the_first() {
    #[bulkhead(3, name = "shared::clash")]
    fn one() -> Result<(), ApiError> {
        Ok(())
    }
    #[bulkhead(4, name = "shared::clash")]
    fn two() -> Result<(), ApiError> {
        Ok(())
    }
    assert_eq!((one(), two()), (Ok(()), Ok(())));
    let stats = stats("shared::clash");
    assert_eq!((stats.limit, stats.admitted), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn the_limit_changes_while_calls_run() {
    #[bulkhead(1, name = "shared::changes", max_wait = 1m)]
    async fn query(time: Duration) -> Result<(), ApiError> {
        sleep(time).await;
        Ok(())
    }
    let minute = Duration::from_secs(60);
    let [mut one, mut two, mut three] = [0; 3].map(|_| Box::pin(query(minute)));
    for call in [&mut one, &mut two, &mut three] {
        assert!(poll(call.as_mut()).is_pending());
    }
    assert_eq!(
        (
            stats("shared::changes").in_use,
            stats("shared::changes").waiting
        ),
        (1, 2)
    );
    let config = BulkheadConfig::new(2);
    assert!(registry::reconfigure_bulkhead("shared::changes", config));
    let after = stats("shared::changes");
    assert_eq!((after.limit, after.in_use, after.waiting), (2, 2, 1));
    registry::reconfigure_bulkhead("shared::changes", config.max_concurrent(1));
    drop(one);
    let after = stats("shared::changes");
    assert_eq!((after.limit, after.in_use, after.waiting), (1, 1, 1));
    drop(two);
    assert_eq!(stats("shared::changes").waiting, 0);
    drop(three);
}
