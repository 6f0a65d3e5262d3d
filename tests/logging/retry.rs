//! `#[retry]`: WARN per retry, ERROR when attempts run out.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use resilience::retry;
use tokio::time::sleep;
use tracing::Level;

use crate::capture::{Capture, Logged, shown};

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

#[tokio::test(start_paused = true)]
async fn a_warning_per_retry_and_an_error_when_attempts_run_out() {
    #[retry(max_retries = 2, jitter = none)]
    async fn fetch() -> Result<(), &'static str> {
        sleep(Duration::from_secs(10)).await;
        Err("busy")
    }
    let capture = Capture::begin();
    assert_eq!(fetch().await, Err("busy"));
    let retrying = |attempt: u64, delay, elapsed| {
        let fields = [
            ("operation", "fetch".into()),
            ("attempt", attempt.into()),
            ("max_attempts", 3.into()),
            ("delay", shown(delay)),
            ("elapsed", shown(elapsed)),
            ("error", shown("busy")),
        ];
        Logged::new(Level::WARN, "attempt failed, retrying", fields)
    };
    let gave_up = Logged::new(
        Level::ERROR,
        "attempt failed, giving up: no attempts left",
        [
            ("operation", "fetch".into()),
            ("attempt", 3.into()),
            ("max_attempts", 3.into()),
            ("elapsed", shown("33s")),
            ("error", shown("busy")),
        ],
    );
    assert_eq!(
        capture.take(),
        [retrying(1, "1s", "10s"), retrying(2, "2s", "21s"), gave_up]
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
            ("operation", "fetch".into()),
            ("attempt", attempt.into()),
            ("max_attempts", 2.into()),
            ("elapsed", shown("0ns")),
            ("error", shown("busy")),
        ]
    };
    let mut retrying = Logged::new(Level::WARN, "attempt failed, retrying", common(1));
    retrying.fields.insert("delay", shown("0ns"));
    let gave_up = Logged::new(
        Level::ERROR,
        "attempt failed, giving up: no attempts left",
        common(2),
    );
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

#[test]
fn an_error_that_is_not_retried_is_the_callers_affair() {
    #[retry(base_delay = 0s, abort_on(&"busy"))]
    fn fetch() -> Result<u32, &'static str> {
        succeed_in(2, &Cell::new(0))
    }
    let capture = Capture::begin();
    assert_eq!(fetch(), Err("busy"));
    assert_eq!(capture.take(), []);
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
        shown("attempt failed, giving up: the next delay would reach max_elapsed")
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
    assert_eq!(levels(&logged), [Level::WARN, Level::ERROR]);
    assert!(
        logged
            .iter()
            .all(|event| !event.fields.contains_key("error")),
        "{logged:?}"
    );
    assert_eq!(
        logged[0].fields["message"],
        shown("attempt returned a value to try again, retrying")
    );
}

/// Both, so that one sees which is preferred.
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
    let errors: Vec<_> = capture
        .take()
        .into_iter()
        .map(|mut event| event.fields.remove("error"))
        .collect();
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
    let errors: Vec<_> = capture
        .take()
        .into_iter()
        .map(|mut event| event.fields.remove("error"))
        .collect();
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
