//! The timeout of an async function: expiry drops the body.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience::events::{EventKind, subscribe};
use resilience::{CircuitOpen, TimedOut, circuit_breaker, retry, timeout};
use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Notes its own drop.
struct OnDrop<'a>(&'a RefCell<Vec<&'static str>>);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push("dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_too_long_is_an_error_at_the_limit() {
    #[timeout(5s)]
    async fn query() -> Result<u8, TimedOut> {
        pending().await
    }
    let start = Instant::now();
    let late = query().await.unwrap_err();
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!(
        (late.operation(), late.limit()),
        (concat!(module_path!(), "::query"), 5 * SECOND)
    );
    assert!(late.was_started());
}

#[tokio::test(start_paused = true)]
async fn a_body_in_time_returns_what_it_returns() {
    #[timeout(5s)]
    async fn query(outcome: io::Result<u8>) -> io::Result<u8> {
        sleep(4 * SECOND).await;
        outcome
    }
    let start = Instant::now();
    assert_eq!(query(Ok(7)).await.expect("in time"), 7);
    assert_eq!(
        query(Err(io::ErrorKind::NotFound.into()))
            .await
            .unwrap_err()
            .kind(),
        io::ErrorKind::NotFound
    );
    assert_eq!(start.elapsed(), 8 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn nothing_runs_before_the_first_poll_and_the_limit_counts_from_it() {
    #[timeout(5s)]
    async fn query(begun: &Cell<bool>) -> Result<(), TimedOut> {
        begun.set(true);
        sleep(4 * SECOND).await;
        Ok(())
    }
    let begun = Cell::new(false);
    let unpolled = query(&begun);
    advance(60 * SECOND).await;
    assert!(!begun.get());
    assert_eq!(unpolled.await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_tie_goes_to_the_body() {
    #[timeout(5s)]
    async fn query(takes: Duration) -> Result<(), TimedOut> {
        sleep(takes).await;
        Ok(())
    }
    assert_eq!(query(5 * SECOND).await, Ok(()));
    assert!(query(5 * SECOND + Duration::from_millis(1)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_ready_when_it_is_polled_late_wins() {
    #[timeout(5s)]
    async fn query() -> Result<(), TimedOut> {
        sleep(4 * SECOND).await;
        Ok(())
    }
    let mut query = pin!(query());
    assert!(poll_once(query.as_mut()).is_pending());
    advance(60 * SECOND).await;
    assert_eq!(poll_once(query.as_mut()), Poll::Ready(Ok(())));
}

#[tokio::test(start_paused = true)]
async fn expiry_drops_the_body_before_the_error_is_made() {
    #[timeout(5s, error = |_| events.borrow_mut().push("error"))]
    async fn query(events: &RefCell<Vec<&'static str>>) -> Result<(), ()> {
        let _guard = OnDrop(events);
        pending().await
    }
    let events = RefCell::default();
    assert_eq!(query(&events).await, Err(()));
    assert_eq!(events.into_inner(), ["dropped", "error"]);
}

#[tokio::test(start_paused = true)]
async fn the_from_of_an_error_hung_on_a_lock_of_the_body_below_a_circuit() {
    static LOCK: Mutex<()> = Mutex::const_new(());
    #[derive(Debug, PartialEq)]
    struct IsFree(bool);
    impl From<TimedOut> for IsFree {
        fn from(_: TimedOut) -> Self {
            Self(LOCK.try_lock().is_ok())
        }
    }
    impl From<CircuitOpen> for IsFree {
        fn from(_: CircuitOpen) -> Self {
            unreachable!("the circuit is closed")
        }
    }
    #[circuit_breaker(name = "timeout::future::below")]
    #[timeout(5s)]
    async fn below() -> Result<(), IsFree> {
        let _held = LOCK.lock().await;
        pending().await
    }
    #[timeout(5s)]
    #[circuit_breaker(name = "timeout::future::above")]
    async fn above() -> Result<(), IsFree> {
        let _held = LOCK.lock().await;
        pending().await
    }
    #[retry(max_retries = 1, base_delay = 1s)]
    #[circuit_breaker(name = "timeout::future::stack")]
    #[timeout(5s)]
    async fn stack() -> Result<(), IsFree> {
        let _held = LOCK.lock().await;
        pending().await
    }
    assert_eq!(below().await, Err(IsFree(true)));
    assert_eq!(above().await, Err(IsFree(true)));
    assert_eq!(stack().await, Err(IsFree(true)));
}

#[tokio::test(start_paused = true)]
async fn a_listener_hung_on_a_lock_of_the_body() {
    static LOCK: Mutex<()> = Mutex::const_new(());
    static WAS_FREE: AtomicBool = AtomicBool::new(false);
    #[timeout(5s, operation = "timeout::future::listener")]
    async fn alone() -> Result<(), TimedOut> {
        let _held = LOCK.lock().await;
        pending().await
    }
    let _subscription = subscribe(|event| {
        if event.operation == Some("timeout::future::listener") {
            assert!(matches!(event.kind, EventKind::TimedOut { .. }));
            WAS_FREE.store(LOCK.try_lock().is_ok(), Ordering::Relaxed);
        }
    });
    assert!(alone().await.is_err());
    assert!(WAS_FREE.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn an_expired_body_runs_nothing_more() {
    #[timeout(5s)]
    async fn query(steps: &Cell<u32>) -> Result<(), TimedOut> {
        loop {
            steps.set(steps.get() + 1);
            sleep(2 * SECOND).await;
        }
    }
    let steps = Cell::new(0);
    assert!(query(&steps).await.is_err());
    advance(60 * SECOND).await;
    assert_eq!(steps.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_callers_cancellation_drops_the_body_and_is_no_timeout() {
    #[timeout(5s, error = |_| events.borrow_mut().push("error"))]
    async fn query(events: &RefCell<Vec<&'static str>>) -> Result<(), ()> {
        let _guard = OnDrop(events);
        pending().await
    }
    let events = RefCell::default();
    assert!(tokio::time::timeout(SECOND, query(&events)).await.is_err());
    advance(60 * SECOND).await;
    assert_eq!(events.into_inner(), ["dropped"]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_limit_means_never() {
    #[timeout(Duration::MAX)]
    async fn query(takes: Duration) -> Result<(), TimedOut> {
        sleep(takes).await;
        Ok(())
    }
    let year = 365 * 24 * 3600 * SECOND;
    assert_eq!(query(year).await, Ok(()));
}

#[test]
fn a_body_that_is_ready_at_once_and_one_without_limit_need_no_timer() {
    #[timeout(5s)]
    async fn ready() -> Result<u8, TimedOut> {
        Ok(7)
    }
    #[timeout(Duration::MAX)]
    async fn unlimited() -> Result<u8, TimedOut> {
        pending().await
    }
    // There is no tokio runtime here.
    assert_eq!(poll_once(pin!(ready())), Poll::Ready(Ok(7)));
    assert!(poll_once(pin!(unlimited())).is_pending());
}

#[test]
fn without_a_timer_the_panic_names_the_function() {
    #[timeout(5s)]
    async fn load() -> Result<u8, TimedOut> {
        pending().await
    }
    let panic_text = |poll: &dyn Fn()| {
        let payload = catch_unwind(AssertUnwindSafe(poll)).unwrap_err();
        payload.downcast_ref::<String>().expect("a text").clone()
    };
    let without_timer = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for text in [
        panic_text(&|| drop(poll_once(pin!(load())))),
        panic_text(&|| drop(without_timer.block_on(load()))),
    ] {
        let expected = "future::load` needs a tokio runtime with its timer enabled";
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_future_that_is_unwind_safe_stays_so() {
    fn is_unwind_safe<T: UnwindSafe>(_: &T) -> bool {
        true
    }
    #[timeout(5s)]
    async fn load(key: String) -> io::Result<usize> {
        std::future::ready(()).await;
        Ok(key.len())
    }
    assert!(is_unwind_safe(&load("key".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_limit_and_the_wait_between_them_does_not_count() {
    #[retry(max_retries = 1, base_delay = 30s, jitter = none)]
    #[timeout(5s)]
    async fn query(begun: &RefCell<Vec<Instant>>) -> Result<(), TimedOut> {
        begun.borrow_mut().push(Instant::now());
        if begun.borrow().len() == 1 {
            return pending().await;
        }
        sleep(4 * SECOND).await;
        Ok(())
    }
    let (start, begun) = (Instant::now(), RefCell::default());
    assert_eq!(query(&begun).await, Ok(()));
    assert_eq!(begun.into_inner(), [start, start + 35 * SECOND]);
    assert_eq!(start.elapsed(), 39 * SECOND);
}

#[tokio::test]
async fn pause_and_advance_drive_the_limit() {
    #[timeout(1h)]
    async fn query() -> Result<(), TimedOut> {
        pending().await
    }
    tokio::time::pause();
    let mut query = pin!(query());
    assert!(poll_once(query.as_mut()).is_pending());
    advance(3599 * SECOND).await;
    assert!(poll_once(query.as_mut()).is_pending());
    // A timer rounds up to milliseconds, and the clock was not paused at a full one.
    advance(Duration::from_millis(1001)).await;
    assert!(matches!(poll_once(query.as_mut()), Poll::Ready(Err(_))));
}

#[tokio::test(start_paused = true)]
async fn a_panic_passes_through_unchanged() {
    #[timeout(5s)]
    async fn query() -> Result<(), TimedOut> {
        yield_now().await;
        panic_any(7_u8)
    }
    let payload = tokio::spawn(query()).await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref(), Some(&7_u8));
}

#[test]
fn the_future_is_send_with_borrowed_arguments() {
    fn is_send<T: Send>(_: &T) -> bool {
        true
    }
    struct Client(String);
    impl Client {
        #[timeout(5s)]
        async fn get<'a>(&'a self, path: &str) -> Result<&'a str, TimedOut> {
            yield_now().await;
            Ok(if path.is_empty() { "" } else { &self.0 })
        }
    }
    #[timeout(5s, error = |late| late.to_string())]
    async fn generic<F: Future<Output = Result<(), String>>>(body: F) -> Result<(), String> {
        body.await
    }
    let client = Client(String::new());
    assert!(is_send(&client.get("path")));
    assert!(is_send(&generic(async {
        yield_now().await;
        Ok(())
    })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_future_can_be_spawned() {
    #[timeout(10ms)]
    async fn query() -> Result<(), TimedOut> {
        pending().await
    }
    assert!(tokio::spawn(query()).await.expect("no panic").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_not_send_is_limited_all_the_same() {
    #[timeout(5s)]
    async fn query(rows: Rc<Cell<u32>>) -> Result<Rc<Cell<u32>>, TimedOut> {
        let held = Rc::clone(&rows);
        sleep(SECOND).await;
        held.set(7);
        Ok(rows)
    }
    assert_eq!(query(Rc::default()).await.map(|rows| rows.get()), Ok(7));
}

#[tokio::test(start_paused = true)]
async fn a_future_has_a_deadline_and_is_never_abandoned() {
    #[timeout(5s)]
    async fn query() -> Result<(Option<Instant>, bool), TimedOut> {
        Ok((resilience::deadline(), resilience::is_abandoned()))
    }
    let start = Instant::now();
    assert_eq!(query().await, Ok((Some(start + 5 * SECOND), false)));
}

#[tokio::test(start_paused = true)]
async fn return_and_the_question_mark_leave_the_body() {
    #[timeout(5s)]
    async fn query(row: Option<u8>) -> Result<u8, TimedOut> {
        let Some(row) = row else { return Ok(0) };
        let polled = poll_fn(|_| Poll::Ready(Ok::<_, TimedOut>(row))).await?;
        Ok(polled + 1)
    }
    assert_eq!((query(None).await, query(Some(6)).await), (Ok(0), Ok(7)));
}
