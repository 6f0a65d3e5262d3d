//! The events of `#[timeout]`. An expiry is the caller's error and no event; a panic of an
//! abandoned body is an event, because no caller is left.

use std::future::pending;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use resilience::{TimedOut, timeout};
use tracing::Level;

use crate::capture::{Capture, Logged};

#[tokio::test(start_paused = true)]
async fn an_expiry_is_no_event() {
    #[timeout(5s)]
    async fn query() -> Result<(), TimedOut> {
        pending().await
    }
    let capture = Capture::begin();
    assert!(query().await.is_err());
    assert_eq!(capture.take(), []);
}

#[test]
fn a_panic_of_an_abandoned_body_is_an_error_that_names_the_operation() {
    #[timeout(limit, operation = "db_query")]
    fn query(limit: Duration, go_on: Receiver<()>) -> Result<(), TimedOut> {
        let _ = go_on.recv();
        panic!("too late to matter")
    }
    let capture = Capture::begin();
    // The limit grows until the body begins within it, so that no machine is too slow.
    let abandoned = [10, 100, 1_000, 10_000]
        .map(Duration::from_millis)
        .into_iter()
        .find_map(|limit| {
            let (may_go, go_on) = mpsc::channel();
            query(limit, go_on)
                .is_err_and(|late| late.was_started())
                .then_some((limit, may_go))
        });
    assert_eq!(capture.take(), []);
    let (limit, may_go) = abandoned.expect("a body begins within seconds");
    drop(may_go);
    let (begun, mut logged) = (Instant::now(), Vec::new());
    while logged.is_empty() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::yield_now();
        logged = capture.take();
    }
    let expected = Logged::new(
        Level::ERROR,
        "a body abandoned at its timeout panicked",
        [
            ("operation", "db_query".into()),
            ("limit_ms", (limit.as_secs_f64() * 1e3).into()),
            ("panic", "too late to matter".into()),
        ],
    );
    assert_eq!(logged, [expected]);
}
