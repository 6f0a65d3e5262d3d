//! No deadline goes from one future to another, or stays behind on a thread.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use resilience::{TimedOut, TimeoutConfig, deadline, timeout, with_deadline};
use tokio::task::{LocalSet, block_in_place, spawn_local, yield_now};
use tokio::time::{Instant, sleep};

use super::SECOND;

/// Looks at the deadline in many polls, and returns how many times it was another one.
async fn count_others(own: Option<Instant>, polls: u32) -> u32 {
    let mut others = 0;
    for poll in 0..polls {
        others += u32::from(deadline() != own);
        if poll % 2 == 0 {
            yield_now().await;
        } else {
            sleep(Duration::from_millis(1)).await;
        }
    }
    others
}

#[timeout(limit)]
async fn limited(limit: Duration) -> Result<u32, TimedOut> {
    Ok(count_others(Some(Instant::now() + limit), 10).await)
}

async fn from_outside(left: Duration) -> Result<u32, TimedOut> {
    let at = Instant::now() + left;
    Ok(with_deadline(at, count_others(Some(at), 10)).await)
}

async fn free() -> Result<u32, TimedOut> {
    Ok(count_others(None, 10).await)
}

#[tokio::test(start_paused = true)]
async fn joined_futures_see_their_own() {
    let joined = tokio::join!(
        limited(SECOND),
        free(),
        limited(2 * SECOND),
        from_outside(3 * SECOND),
        free()
    );
    assert_eq!(joined, (Ok(0), Ok(0), Ok(0), Ok(0), Ok(0)));
    assert_eq!(deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn selected_futures_see_their_own_and_the_loser_leaves_nothing() {
    for _ in 0..20 {
        let winner = tokio::select! {
            seen = limited(SECOND) => seen,
            seen = free() => seen,
            seen = from_outside(2 * SECOND) => seen,
            _ = TimeoutConfig::new(3 * SECOND).run_async(pending::<()>()) => unreachable!("it is later"),
        };
        assert_eq!(winner, Ok(0));
        assert_eq!(deadline(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn unordered_futures_see_their_own() {
    type Boxed = Pin<Box<dyn Future<Output = Result<u32, TimedOut>>>>;
    let mut futures = FuturesUnordered::<Boxed>::new();
    for seconds in 1..20 {
        futures.push(Box::pin(limited(seconds * SECOND)));
        futures.push(Box::pin(from_outside(seconds * SECOND)));
        futures.push(Box::pin(free()));
    }
    while let Some(seen) = futures.next().await {
        assert_eq!(seen, Ok(0));
        assert_eq!(deadline(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_local_set_see_their_own() {
    let local = LocalSet::new();
    let run = local.run_until(async {
        let tasks: Vec<_> = (1..10)
            .flat_map(|seconds| [spawn_local(limited(seconds * SECOND)), spawn_local(free())])
            .collect();
        // The task is not part of the body that starts it.
        let spawned =
            TimeoutConfig::new(SECOND).run_async(poll_fn(|_| Poll::Ready(spawn_local(free()))));
        let spawned = spawned.await.unwrap();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(0));
        }
        assert_eq!(spawned.await.unwrap(), Ok(0));
    });
    run.await;
    assert_eq!(deadline(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_blocks_in_place_is_part_of_the_body_and_leaves_nothing() {
    #[timeout(3600s)]
    async fn blocks() -> Result<bool, TimedOut> {
        let own = deadline();
        let inside = block_in_place(|| {
            let in_future = tokio::runtime::Handle::current().block_on(async {
                yield_now().await;
                deadline()
            });
            (deadline(), in_future)
        });
        yield_now().await;
        Ok(own.is_some() && inside == (own, own) && deadline() == own)
    }
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            tokio::spawn(async {
                let before = deadline();
                let seen = blocks().await;
                (before, seen, deadline())
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), (None, Ok(true), None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_poll_leaves_nothing() {
    #[timeout(5s)]
    async fn panics(awaits: u32) -> Result<(), TimedOut> {
        for _ in 0..awaits {
            yield_now().await;
        }
        assert!(deadline().is_some());
        resume_unwind(Box::new("expected"))
    }
    for awaits in 0..4 {
        for is_outside in [false, true] {
            let at = Instant::now() + SECOND;
            let mut future: Pin<Box<dyn Future<Output = Result<(), TimedOut>>>> = if is_outside {
                Box::pin(with_deadline(at, panics(awaits)))
            } else {
                Box::pin(panics(awaits))
            };
            let mut polls = 0;
            let unwound = poll_fn(|cx| {
                let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
                assert_eq!(deadline(), None, "after poll {polls}");
                polls += 1;
                match polled {
                    Ok(Poll::Pending) => Poll::Pending,
                    Ok(Poll::Ready(_)) => unreachable!("it panics"),
                    Err(panic) => Poll::Ready(panic),
                }
            });
            assert_eq!(unwound.await.downcast_ref(), Some(&"expected"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_at_any_await_leaves_nothing() {
    struct AskOnDrop;
    impl Drop for AskOnDrop {
        fn drop(&mut self) {
            assert_eq!(deadline(), None, "the body is not polled");
        }
    }
    for polls in 0..6 {
        {
            let mut future = pin!(TimeoutConfig::new(SECOND).run_async(async {
                let _ask = AskOnDrop;
                for _ in 0..5 {
                    yield_now().await;
                }
                pending::<()>().await;
            }));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                assert!(future.as_mut().poll(&mut cx).is_pending());
            }
        }
        assert_eq!(deadline(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_moves_between_threads_keeps_its_own() {
    let handle = tokio::runtime::Handle::current();
    let start = Instant::now();
    let mut future = Box::pin(TimeoutConfig::new(SECOND).run_async(poll_fn(move |_| {
        assert_eq!(deadline(), Some(start + SECOND));
        Poll::<()>::Pending
    })));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    for seconds in [1, 7200] {
        let handle = handle.clone();
        let moved = thread::spawn(move || {
            let _runtime = handle.enter();
            // The thread has run something else with a deadline of its own.
            let other = TimeoutConfig::new(seconds * SECOND).run_cooperative(deadline);
            assert!(other.is_ok_and(|other| other.is_some()));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut cx).is_pending());
            assert_eq!(deadline(), None);
            future
        });
        future = moved.join().unwrap();
    }
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(deadline(), None);
}
