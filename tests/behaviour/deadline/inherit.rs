//! `inherit` and `inherit_blocking`: the way of a deadline to other tasks and threads.

use std::cell::Cell;
use std::io;
use std::thread;

use resilience::{
    TimedOut, TimeoutConfig, deadline, inherit, inherit_blocking, retry, timeout, with_deadline,
};
use tokio::time::{Instant, sleep};

use super::{SECOND, under_deadline};

#[tokio::test]
async fn nothing_is_inherited_without_them() {
    #[timeout(3600s)]
    async fn starts() -> Result<[bool; 3], TimedOut> {
        let task = tokio::spawn(async { deadline() });
        let blocking = tokio::task::spawn_blocking(deadline);
        let thread = thread::spawn(deadline);
        Ok([
            task.await.unwrap().is_some(),
            blocking.await.unwrap().is_some(),
            thread.join().unwrap().is_some(),
        ])
    }
    assert_eq!(starts().await, Ok([false; 3]));
}

#[tokio::test]
async fn they_carry_the_deadline_into_tasks_and_threads() {
    #[timeout(3600s)]
    async fn starts() -> Result<bool, TimedOut> {
        let own = deadline();
        let task = tokio::spawn(inherit(async {
            let first = deadline();
            tokio::task::yield_now().await;
            (first, deadline())
        }));
        let blocking = tokio::task::spawn_blocking(inherit_blocking(deadline));
        let thread = thread::spawn(inherit_blocking(|| (deadline(), 7)));
        let seen = [
            task.await.unwrap() == (own, own),
            blocking.await.unwrap() == own,
            thread.join().unwrap() == (own, 7),
        ];
        Ok(own.is_some() && seen == [true; 3])
    }
    assert_eq!(starts().await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn they_capture_when_they_are_called() {
    let at = Instant::now() + SECOND;
    let (future, closure) = with_deadline(at, async {
        (inherit(async { deadline() }), inherit_blocking(deadline))
    })
    .await;
    // The future runs outside of the deadline, and inside of a later and of an earlier one.
    assert_eq!(future.await, Some(at));
    let later = at + SECOND;
    assert_eq!(with_deadline(later, async { closure() }).await, Some(at));
    let outside = inherit(async { deadline() });
    assert_eq!(with_deadline(at, outside).await, Some(at), "none is later");
    let earlier = under_deadline(later, || inherit(async { deadline() })).await;
    assert_eq!(with_deadline(at, earlier).await, Some(at));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_in_a_task_ends_at_the_inherited_deadline() {
    #[timeout(9s)]
    async fn in_task() -> Result<(), TimedOut> {
        sleep(3600 * SECOND).await;
        Ok(())
    }
    #[timeout(1s)]
    async fn starts() -> Result<tokio::task::JoinHandle<Result<(), TimedOut>>, TimedOut> {
        Ok(tokio::spawn(inherit(in_task())))
    }
    let start = Instant::now();
    let error = starts().await.unwrap().await.unwrap().unwrap_err();
    assert_eq!(start.elapsed(), SECOND);
    assert!(error.is_inherited());
    assert_eq!(error.limit(), SECOND);
}

#[test]
fn a_sync_timeout_in_a_thread_ends_at_the_inherited_deadline() {
    let (sender, received) = std::sync::mpsc::channel();
    let outer = TimeoutConfig::new(SECOND / 50).run_cooperative(|| {
        let body = inherit_blocking(|| {
            let (_keep, never) = std::sync::mpsc::channel::<()>();
            let limit = TimeoutConfig::new(3600 * SECOND);
            limit.run_thread(move || never.recv().is_err()).unwrap_err()
        });
        sender.send(thread::spawn(body).join().unwrap()).unwrap();
    });
    let inner = received.recv().unwrap();
    assert!(inner.is_inherited() && inner.limit() <= SECOND / 50);
    assert!(!outer.unwrap_err().is_inherited());
}

#[tokio::test(start_paused = true)]
async fn a_retry_in_a_task_keeps_to_the_inherited_deadline() {
    #[retry(base_delay = 9s, jitter = none)]
    async fn fetch() -> io::Result<()> {
        Err(io::Error::other("busy"))
    }
    let start = Instant::now();
    let task = under_deadline(start + SECOND, || tokio::spawn(inherit(fetch()))).await;
    assert_eq!(task.await.unwrap().unwrap_err().to_string(), "busy");
    assert!(start.elapsed().is_zero());
}

#[test]
fn a_closure_is_called_once_and_may_own_and_borrow() {
    let (text, calls) = (String::from("text"), Cell::new(0));
    let call = inherit_blocking(|| {
        calls.set(calls.get() + 1);
        text
    });
    assert_eq!(call(), "text");
    assert_eq!(calls.get(), 1);
}

#[test]
fn the_futures_are_as_send_as_what_they_carry() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    drop(sendable(inherit(async {})));
    drop(sendable(with_deadline(Instant::now(), async {})));
    sendable(inherit_blocking(|| ()))();
    assert!(format!("{:?}", inherit(async {})).starts_with("InheritFuture"));
    assert!(format!("{:?}", with_deadline(Instant::now(), async {})).contains("deadline"));
}
