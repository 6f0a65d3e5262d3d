//! `#[retry]`: WARN per retry, and one event with a reason when it gives up.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use resilience::{circuit_breaker, registry, retry};
use tokio::time::sleep;
use tracing::Level;

use crate::capture::{Capture, Logged, Value, shown};

/// Succeeds in the call of that number, from 1.
fn succeed_in(call: u32, calls: &Cell<u32>) -> Result<u32, &'static str> {
    calls.set(calls.get() + 1);
    if calls.get() == call {
        Ok(call)
    } else {
        Err("busy")
    }
}

fn levels(logged: &[Logged]) -> Vec<Level> {
    logged.iter().map(|event| event.level).collect()
}

/// The errors of the events.
fn errors(capture: &Capture) -> Vec<Option<Value>> {
    let logged = capture.take().into_iter();
    logged
        .map(|mut event| event.fields.remove("error"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_warning_per_retry_and_an_error_when_attempts_run_out() {
    #[retry(max_retries = 2, jitter = none)]
    async fn fetch() -> Result<(), &'static str> {
        sleep(Duration::from_secs(10)).await;
        Err("busy")
    }
    let capture = Capture::begin();
    assert_eq!(fetch().await, Err("busy"));
    let retrying = |attempt: u64, delay: f64, elapsed: f64, message| {
        let fields = [
            ("operation", concat!(module_path!(), "::fetch").into()),
            ("attempt", attempt.into()),
            ("max_attempts", 3.into()),
            ("delay_ms", delay.into()),
            ("elapsed_ms", elapsed.into()),
            ("error", shown("busy")),
        ];
        Logged::new(Level::WARN, message, fields)
    };
    let gave_up = Logged::new(
        Level::ERROR,
        "attempt 3 failed, giving up: no attempts are left",
        [
            ("operation", concat!(module_path!(), "::fetch").into()),
            ("attempt", 3.into()),
            ("max_attempts", 3.into()),
            ("reason", "attempts".into()),
            ("elapsed_ms", 33_000.0.into()),
            ("error", shown("busy")),
        ],
    );
    assert_eq!(
        capture.take(),
        [
            retrying(1, 1_000.0, 10_000.0, "attempt 1 failed, retrying in 1.0s"),
            retrying(2, 2_000.0, 21_000.0, "attempt 2 failed, retrying in 2.0s"),
            gave_up
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_function_says_the_same() {
    #[retry(max_retries = 1, base_delay = 0s)]
    fn fetch() -> Result<(), &'static str> {
        Err("busy")
    }
    let capture = Capture::begin();
    assert_eq!(fetch(), Err("busy"));
    let common = |attempt: u64| {
        [
            ("operation", concat!(module_path!(), "::fetch").into()),
            ("attempt", attempt.into()),
            ("max_attempts", 2.into()),
            ("elapsed_ms", 0.0.into()),
            ("error", shown("busy")),
        ]
    };
    let mut retrying = Logged::new(Level::WARN, "attempt 1 failed, retrying at once", common(1));
    retrying.fields.insert("delay_ms", 0.0.into());
    let mut gave_up = Logged::new(
        Level::ERROR,
        "attempt 2 failed, giving up: no attempts are left",
        common(2),
    );
    gave_up.fields.insert("reason", "attempts".into());
    assert_eq!(capture.take(), [retrying, gave_up]);
}

#[test]
fn success_on_the_first_attempt_logs_nothing() {
    #[retry]
    fn fetch() -> Result<u32, &'static str> {
        succeed_in(1, &Cell::new(0))
    }
    let capture = Capture::begin();
    assert_eq!(fetch(), Ok(1));
    assert_eq!(capture.take(), []);
}

#[test]
fn success_on_a_later_attempt_adds_nothing_to_the_warnings() {
    #[retry(base_delay = 0s)]
    fn fetch(calls: &Cell<u32>) -> Result<u32, &'static str> {
        succeed_in(3, calls)
    }
    let capture = Capture::begin();
    assert_eq!(fetch(&Cell::new(0)), Ok(3));
    assert_eq!(levels(&capture.take()), [Level::WARN, Level::WARN]);
}

/// The level and the reason of the only event.
fn only(logged: &[Logged]) -> (Level, &Value) {
    let [event] = logged else {
        panic!("{logged:?}")
    };
    (event.level, &event.fields["reason"])
}

#[test]
fn an_error_that_is_not_retried_is_for_debugging() {
    #[retry(base_delay = 0s, abort_on(&"busy"))]
    fn aborted() -> Result<u32, &'static str> {
        succeed_in(2, &Cell::new(0))
    }
    #[retry(base_delay = 0s, retry_on(&"reset"))]
    fn unmatched() -> Result<u32, &'static str> {
        succeed_in(2, &Cell::new(0))
    }
    #[retry(base_delay = 0s, retry_if = |_| false)]
    fn refused() -> Result<u32, &'static str> {
        succeed_in(2, &Cell::new(0))
    }
    for call in [aborted, unmatched, refused] {
        let capture = Capture::begin();
        assert_eq!(call(), Err("busy"));
        let logged = capture.take();
        assert_eq!(only(&logged), (Level::DEBUG, &"not_retryable".into()));
        assert_eq!(
            logged[0].fields["message"],
            shown("attempt 1 failed, giving up: this error is not retried")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_a_retry_with_a_warning_and_its_reason() {
    #[circuit_breaker(name = "logging::retry::elsewhere")]
    async fn guarded() -> std::io::Result<()> {
        Ok(())
    }
    #[retry]
    async fn outer() -> std::io::Result<()> {
        guarded().await
    }
    guarded().await.unwrap();
    registry::isolate("logging::retry::elsewhere");
    let capture = Capture::begin();
    outer().await.unwrap_err();
    let logged = capture.take();
    assert_eq!(only(&logged), (Level::WARN, &"refused".into()));
    assert_eq!(
        logged[0].fields["message"],
        shown("attempt 1 failed, giving up: a layer refused the call")
    );
    assert_eq!(
        logged[0].fields["error"],
        shown("circuit `logging::retry::elsewhere` is isolated")
    );
}

/// The reason was `attempts`, so that each call that an open circuit refused was an ERROR.
#[test]
fn a_refusal_of_the_last_attempt_is_a_refusal_and_no_error() {
    #[retry(max_retries = 0)]
    #[circuit_breaker(name = "logging::retry::single")]
    fn fetch() -> std::io::Result<()> {
        Ok(())
    }
    fetch().unwrap();
    registry::isolate("logging::retry::single");
    let capture = Capture::begin();
    fetch().unwrap_err();
    assert_eq!(only(&capture.take()), (Level::WARN, &"refused".into()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_an_open_circuit_is_not_begun_with_a_warning_and_its_reason() {
    #[retry]
    #[circuit_breaker(name = "logging::retry::own", failure_threshold = 1)]
    async fn fetch() -> std::io::Result<()> {
        Err(std::io::Error::other("down"))
    }
    let capture = Capture::begin();
    assert_eq!(fetch().await.unwrap_err().to_string(), "down");
    let logged = capture.take();
    let last = logged
        .last()
        .expect("the circuit opened, and the retry gave up");
    assert_eq!(
        (last.level, &last.fields["reason"]),
        (Level::WARN, &"circuit_open".into())
    );
    assert_eq!(last.fields["error"], shown("down"));
    assert_eq!(
        last.fields["message"],
        shown("attempt 1 failed, giving up: the circuit would still refuse after the next delay")
    );
}

#[tokio::test(start_paused = true)]
async fn giving_up_for_lack_of_time_says_so() {
    #[retry(max_elapsed = 2s, jitter = none)]
    async fn fetch() -> Result<(), &'static str> {
        Err("busy")
    }
    let capture = Capture::begin();
    assert_eq!(fetch().await, Err("busy"));
    let logged = capture.take();
    assert_eq!(levels(&logged), [Level::WARN, Level::ERROR]);
    assert_eq!(
        logged[1].fields["message"],
        shown("attempt 2 failed, giving up: the next delay would reach max_elapsed")
    );
}

#[test]
fn a_value_that_is_tried_again_is_told_without_an_error() {
    #[retry(max_retries = 1, base_delay = 0s, retry_if_ok = |_| true)]
    fn fetch() -> Result<u32, &'static str> {
        Ok(7)
    }
    let capture = Capture::begin();
    assert_eq!(fetch(), Ok(7));
    let logged = capture.take();
    let [only] = &logged[..] else {
        panic!("the last value is the caller's: {logged:?}")
    };
    assert_eq!(only.level, Level::WARN);
    assert!(!only.fields.contains_key("error"), "{only:?}");
    assert_eq!(
        only.fields["message"],
        shown("attempt 1 returned a value to try again, retrying at once")
    );
}

/// The type has both, so that the test sees the one that is preferred.
#[derive(Debug)]
struct Displayed;

impl fmt::Display for Displayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("by Display")
    }
}

#[derive(Debug)]
struct Debugged;

struct Mute;

#[test]
fn the_error_is_shown_by_display_else_debug_else_its_type_name() {
    #[retry(max_retries = 0)]
    fn display() -> Result<(), Displayed> {
        Err(Displayed)
    }
    #[retry(max_retries = 0)]
    fn debug() -> Result<(), Debugged> {
        Err(Debugged)
    }
    #[retry(max_retries = 0)]
    fn neither() -> Result<(), Mute> {
        Err(Mute)
    }
    let capture = Capture::begin();
    assert!(display().is_err() && debug().is_err() && neither().is_err());
    let errors = errors(&capture);
    assert_eq!(
        errors,
        [
            Some(shown("by Display")),
            Some(shown("Debugged")),
            Some(shown("logging::retry::Mute"))
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_generic_error_is_shown_by_what_its_bounds_promise() {
    #[retry(max_retries = 0)]
    async fn displayed<E: fmt::Display>(error: impl Fn() -> E) -> Result<(), E> {
        Err(error())
    }
    #[retry(max_retries = 0)]
    async fn unbound<E>(error: impl Fn() -> E) -> Result<(), E> {
        Err(error())
    }
    let capture = Capture::begin();
    assert!(displayed(|| Displayed).await.is_err() && unbound(|| Displayed).await.is_err());
    let errors = errors(&capture);
    assert_eq!(
        errors,
        [
            Some(shown("by Display")),
            Some(shown("logging::retry::Displayed"))
        ]
    );
}

#[test]
fn an_error_from_outside_cannot_forge_a_line() {
    #[retry(max_retries = 0)]
    fn fetch() -> Result<(), String> {
        Err("busy\nERROR forged".to_owned())
    }
    let capture = Capture::begin();
    assert!(fetch().is_err());
    assert_eq!(
        capture.take()[0].fields["error"],
        shown(r"busy\nERROR forged")
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_says_nothing_more() {
    #[retry(jitter = none)]
    async fn fetch() -> Result<(), &'static str> {
        Err("busy")
    }
    let capture = Capture::begin();
    assert!(
        tokio::time::timeout(Duration::from_secs(2), fetch())
            .await
            .is_err()
    );
    assert_eq!(levels(&capture.take()), [Level::WARN, Level::WARN]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(capture.take(), []);
}
