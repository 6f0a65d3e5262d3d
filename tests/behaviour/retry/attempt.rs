//! `attempt = n`: the body knows which attempt it is.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use resilience::{Attempt, TimedOut, circuit_breaker, retry, timeout};

/// A body saw the number, whether it is the first and the last one, and the maximum.
type Seen = (u32, bool, bool, u32);

fn seen(attempt: Attempt) -> Seen {
    (
        attempt.number(),
        attempt.is_first(),
        attempt.is_last(),
        attempt.max_attempts(),
    )
}

const THREE: [Seen; 3] = [
    (1, true, false, 3),
    (2, false, false, 3),
    (3, false, true, 3),
];

fn busy<T>() -> io::Result<T> {
    Err(io::Error::other("busy"))
}

#[tokio::test(start_paused = true)]
async fn attempts_are_numbered_from_one_to_the_last() {
    #[retry(attempt = n, max_attempts = 3)]
    async fn fetch(log: &RefCell<Vec<Seen>>) -> io::Result<()> {
        log.borrow_mut().push(seen(n));
        tokio::task::yield_now().await;
        assert_eq!(seen(n), *log.borrow().last().unwrap());
        busy()
    }
    let log = RefCell::default();
    fetch(&log).await.unwrap_err();
    assert_eq!(log.into_inner(), THREE);
}

#[test]
fn a_sync_body_knows_its_attempt() {
    #[retry(attempt = attempt, max_attempts = 3, base_delay = 0s)]
    fn fetch(log: &mut Vec<Seen>) -> io::Result<()> {
        log.push(seen(attempt));
        busy()
    }
    let mut log = Vec::new();
    fetch(&mut log).unwrap_err();
    assert_eq!(log, THREE);
}

#[test]
fn a_single_attempt_is_the_first_and_the_last() {
    #[retry(attempt = n, max_retries = 0)]
    fn fetch() -> io::Result<Seen> {
        Ok(seen(n))
    }
    assert_eq!(fetch().unwrap(), (1, true, true, 1));
}

#[test]
fn it_goes_to_the_worker_and_under_other_layers() {
    #[retry(attempt = n, max_attempts = 3, base_delay = 0s)]
    #[circuit_breaker(failure_threshold = 10)]
    #[timeout(60s)]
    fn fetch(log: Arc<Mutex<Vec<Seen>>>) -> io::Result<()> {
        log.lock().unwrap().push(seen(n));
        busy()
    }
    let log = Arc::default();
    fetch(Arc::clone(&log)).unwrap_err();
    assert_eq!(*log.lock().unwrap(), THREE);
}

#[tokio::test(start_paused = true)]
async fn it_goes_under_other_layers_of_an_async_function() {
    #[retry(attempt = n, max_attempts = 3)]
    #[circuit_breaker(failure_threshold = 10)]
    #[timeout(60s)]
    async fn fetch(log: &Mutex<Vec<Seen>>) -> io::Result<()> {
        log.lock().unwrap().push(seen(n));
        busy()
    }
    let log = Mutex::default();
    fetch(&log).await.unwrap_err();
    assert_eq!(log.into_inner().unwrap(), THREE);
}

#[tokio::test(start_paused = true)]
async fn two_retries_of_a_stack_have_an_attempt_each() {
    #[retry(attempt = round, max_attempts = 2)]
    #[retry(attempt = n, max_attempts = 2)]
    async fn fetch(log: &RefCell<Vec<(u32, u32)>>) -> io::Result<()> {
        log.borrow_mut().push((round.number(), n.number()));
        busy()
    }
    let log = RefCell::default();
    fetch(&log).await.unwrap_err();
    assert_eq!(log.into_inner(), [(1, 1), (1, 2), (2, 1), (2, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_returns_a_future_knows_its_attempt() {
    #[retry(attempt = n, max_attempts = 3)]
    fn moved(log: Arc<Mutex<Vec<Seen>>>) -> impl Future<Output = io::Result<()>> {
        async move {
            log.lock().unwrap().push(seen(n));
            busy()
        }
    }
    #[retry(attempt = n, max_attempts = 3)]
    fn boxed(log: &Mutex<Vec<Seen>>) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + '_>> {
        Box::pin(async move {
            log.lock().unwrap().push(seen(n));
            busy()
        })
    }
    #[retry(attempt = n, max_attempts = 3)]
    fn called(log: &Mutex<Vec<Seen>>) -> impl Future<Output = io::Result<()>> {
        inner(log, n)
    }
    async fn inner(log: &Mutex<Vec<Seen>>, attempt: Attempt) -> io::Result<()> {
        log.lock().unwrap().push(seen(attempt));
        busy()
    }
    let log = Arc::default();
    moved(Arc::clone(&log)).await.unwrap_err();
    assert_eq!(*log.lock().unwrap(), THREE);
    let log = Mutex::default();
    boxed(&log).await.unwrap_err();
    assert_eq!(*log.lock().unwrap(), THREE);
    let log = Mutex::default();
    called(&log).await.unwrap_err();
    assert_eq!(*log.lock().unwrap(), THREE);
}

#[async_trait]
trait Fetch {
    async fn fetch(&self) -> io::Result<()>;
}

#[derive(Default)]
struct Client(Mutex<Vec<Seen>>);

#[async_trait]
impl Fetch for Client {
    #[retry(attempt = n, max_attempts = 3)]
    async fn fetch(&self) -> io::Result<()> {
        self.0.lock().unwrap().push(seen(n));
        busy()
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_under_async_trait_knows_its_attempt() {
    let client = Client::default();
    client.fetch().await.unwrap_err();
    assert_eq!(client.0.into_inner().unwrap(), THREE);
}

#[tokio::test(start_paused = true)]
async fn it_may_be_sent_to_a_task_and_kept() {
    #[retry(attempt = n, max_attempts = 2)]
    async fn fetch(kept: &Mutex<Vec<Attempt>>) -> io::Result<()> {
        kept.lock().unwrap().push(n);
        let number = tokio::spawn(async move { n.number() }).await.unwrap();
        if number < 2 { busy() } else { Ok(()) }
    }
    fn sendable<F: Future + Send>(future: F) -> F {
        future
    }
    let kept = Mutex::default();
    sendable(fetch(&kept)).await.unwrap();
    let kept = kept.into_inner().unwrap();
    assert_eq!(kept.iter().map(Attempt::number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_last_one_goes_by_the_number_alone() {
    // The second attempt is the last one in fact, because no time is left for a third.
    #[timeout(1.5s)]
    #[retry(attempt = n, max_attempts = 3, base_delay = 1s, jitter = none, strategy = constant)]
    async fn fetch(log: &RefCell<Vec<bool>>) -> Result<(), TimedOut> {
        log.borrow_mut().push(n.is_last());
        Err(resilience::TimeoutConfig::new(std::time::Duration::MAX).timed_out())
    }
    let log = RefCell::default();
    fetch(&log).await.unwrap_err();
    assert_eq!(log.into_inner(), [false, false]);
}
