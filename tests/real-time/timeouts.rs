//! Timeouts by the clock of a service, which reads the processor's counter where it can, held
//! against the system's.

use std::{
    future::{Future, pending},
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use resilience::{TimedOut, deadline, timeout};
use tokio::{
    runtime::{self, Runtime},
    task::yield_now,
    time::timeout as timeout_of_tokio,
};

/// The two clocks may be apart by this much. In practice it is nanoseconds.
const APART: Duration = Duration::from_micros(50);

/// Long enough for the counter to be calibrated and for many anchors after that.
const RUN: Duration = Duration::from_secs(1);

const LIMIT: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    let mut builder = runtime::Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
}

fn asked() -> Instant {
    deadline().expect("inside of a timeout").into_std()
}

#[timeout(LIMIT)]
async fn inner() -> Result<[Instant; 2], TimedOut> {
    let first = asked();
    yield_now().await;
    Ok([first, asked()])
}

#[timeout(LIMIT * 2)]
async fn outer() -> Result<[Instant; 4], TimedOut> {
    let before = asked();
    let [first, second] = inner().await?;
    Ok([before, first, second, asked()])
}

#[test]
fn each_poll_sees_the_deadline_that_is_its_limit_after_the_first_poll() {
    let runtime = runtime();
    let _context = runtime.enter();
    let mut cx = Context::from_waker(Waker::noop());
    let end = Instant::now() + RUN;
    while Instant::now() < end {
        let mut call = pin!(outer());
        let before = Instant::now();
        assert!(call.as_mut().poll(&mut cx).is_pending());
        let after = Instant::now();
        let Poll::Ready(Ok([outside, first, second, outside_again])) = call.poll(&mut cx) else {
            panic!("it yields once and is in time")
        };
        assert_eq!((outside_again, second), (outside, first));
        for (at, limit) in [(outside, LIMIT * 2), (first, LIMIT)] {
            assert!(
                before + limit <= at + APART && at <= after + limit + APART,
                "{:?} after {:?}",
                at - before,
                after - before
            );
        }
        assert!(deadline().is_none());
    }
}

#[test]
fn a_body_that_does_not_end_is_dropped_at_the_limit_and_not_before() {
    const SHORT: Duration = Duration::from_millis(100);
    #[timeout(SHORT)]
    async fn never() -> Result<(), TimedOut> {
        pending().await
    }
    let runtime = runtime();
    let end = Instant::now() + RUN;
    while Instant::now() < end {
        let start = Instant::now();
        let late = runtime.block_on(never()).expect_err("it does not end");
        let taken = start.elapsed();
        assert_eq!(late.limit(), SHORT);
        assert!(taken + APART >= SHORT, "{taken:?}");
        assert!(taken <= SHORT * 10, "{taken:?}");
    }
}

#[test]
fn a_body_that_is_polled_often_and_then_waits_for_ever_is_dropped_at_the_limit() {
    const SHORT: Duration = Duration::from_millis(20);
    const TASKS: usize = 100;
    #[timeout(SHORT)]
    async fn often(polls: usize) -> Result<(), TimedOut> {
        for _ in 0..polls {
            yield_now().await;
        }
        // Only the timer wakes the task from here on.
        pending().await
    }
    let mut builder = runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build();
    let runtime = runtime.expect("a runtime");
    let end = Instant::now() + RUN;
    while Instant::now() < end {
        let start = Instant::now();
        let calls: Vec<_> = (0..TASKS)
            .map(|polls| runtime.spawn(often(polls)))
            .collect();
        for call in calls {
            let ended = runtime.block_on(async { timeout_of_tokio(LIMIT, call).await });
            let late = ended.expect("the timer wakes the task");
            assert!(late.expect("it does not panic").is_err());
        }
        let taken = start.elapsed();
        assert!(taken + APART >= SHORT, "{taken:?}");
    }
}
