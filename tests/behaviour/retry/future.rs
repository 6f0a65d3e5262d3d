//! The properties of the future of a retried async function.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience::retry;
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

fn is_send<T: Send>(_: &T) -> bool {
    true
}

#[tokio::test(start_paused = true)]
async fn nothing_runs_before_the_first_poll() {
    #[retry]
    async fn call(calls: &Cell<u32>) -> Result<(), ()> {
        calls.set(calls.get() + 1);
        Ok(())
    }
    let calls = Cell::new(0);
    let unpolled = call(&calls);
    assert_eq!(calls.get(), 0);
    assert_eq!(unpolled.await, Ok(()));
    assert_eq!(calls.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_future_dropped_during_a_wait_runs_nothing_more() {
    #[retry(jitter = none, on_retry = |_| hooks.set(hooks.get() + 1))]
    async fn call(calls: &Cell<u32>, hooks: &Cell<u32>) -> Result<(), ()> {
        calls.set(calls.get() + 1);
        Err(())
    }
    let (calls, hooks) = (Cell::new(0), Cell::new(0));
    assert!(timeout(2 * SECOND, call(&calls, &hooks)).await.is_err());
    advance(60 * SECOND).await;
    assert_eq!((calls.get(), hooks.get()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_future_dropped_during_an_attempt_drops_the_attempt_and_runs_nothing_more() {
    struct OnDrop<'a>(&'a Cell<u32>);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    #[retry(on_retry = |_| hooks.set(hooks.get() + 1))]
    async fn call(calls: &Cell<u32>, drops: &Cell<u32>, hooks: &Cell<u32>) -> Result<(), ()> {
        let _guard = OnDrop(drops);
        calls.set(calls.get() + 1);
        pending().await
    }
    let (calls, drops, hooks) = (Cell::new(0), Cell::new(0), Cell::new(0));
    assert!(timeout(SECOND, call(&calls, &drops, &hooks)).await.is_err());
    advance(60 * SECOND).await;
    assert_eq!((calls.get(), drops.get(), hooks.get()), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_held_is_gone_before_the_wait() {
    struct OnDrop<'a>(&'a RefCell<Vec<Instant>>);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            self.0.borrow_mut().push(Instant::now());
        }
    }
    // The error is held by the loop, the guard by the attempt.
    #[retry(max_retries = 1, jitter = none)]
    async fn call<'a>(drops: &'a RefCell<Vec<Instant>>) -> Result<(), OnDrop<'a>> {
        let _guard = OnDrop(drops);
        yield_now().await;
        Err(OnDrop(drops))
    }
    let (start, drops) = (Instant::now(), RefCell::default());
    let last = call(&drops).await.map(|()| unreachable!("it fails")).err();
    assert_eq!(*drops.borrow(), [start, start, start + SECOND]);
    drop(last);
    assert_eq!(drops.borrow().len(), 4);
}

#[test]
fn the_future_is_send_with_borrowed_arguments_and_a_borrowed_receiver() {
    struct Client(String);
    impl Client {
        #[retry(retry_if = |error| error != prompt, on_retry = |event| { calls.fetch_add(event.attempt, Ordering::Relaxed); })]
        async fn generate<'a>(
            &'a self,
            prompt: &'a str,
            calls: &AtomicU32,
        ) -> Result<&'a str, String> {
            yield_now().await;
            calls.fetch_add(1, Ordering::Relaxed);
            if prompt.is_empty() {
                Err(self.0.clone())
            } else {
                Ok(prompt)
            }
        }
    }
    let (client, calls) = (Client("empty".to_owned()), AtomicU32::new(0));
    assert!(is_send(&client.generate("prompt", &calls)));
}

#[test]
fn the_future_is_send_even_if_the_error_is_not() {
    #[retry]
    async fn call() -> Result<(), Rc<str>> {
        yield_now().await;
        Err("not to be sent".into())
    }
    assert!(is_send(&call()));
}

#[test]
fn a_generic_future_is_send_if_its_parts_are() {
    #[retry]
    async fn call<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        attempt().await
    }
    assert!(is_send(&call(|| async {
        yield_now().await;
        Err::<(), _>("busy")
    })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_future_can_be_spawned() {
    #[retry(base_delay = 1ms)]
    async fn call(calls: Arc<AtomicU32>) -> Result<u32, u32> {
        yield_now().await;
        let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call < 3 { Err(call) } else { Ok(call) }
    }
    assert_eq!(
        tokio::spawn(call(Arc::default())).await.expect("no panic"),
        Ok(3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_not_send_is_retried_all_the_same() {
    #[retry]
    async fn call(calls: Rc<Cell<u32>>) -> Result<Rc<str>, Rc<str>> {
        let held = Rc::clone(&calls);
        sleep(SECOND).await;
        held.set(held.get() + 1);
        if held.get() < 3 {
            Err("busy".into())
        } else {
            Ok("ready".into())
        }
    }
    let calls = Rc::new(Cell::new(0));
    assert_eq!(call(Rc::clone(&calls)).await, Ok("ready".into()));
    assert_eq!(calls.get(), 3);
}
