//! Retries and timeouts take the values of their operation from the next call on.

use std::io::{self, ErrorKind};
use std::time::Duration;

use resilience::{Source, retry, timeout};
use resilience_config_tests::{Turn, setting};
use tokio::time::Instant;

#[retry(max_retries = 3, base_delay = 0s, operation = "operations.attempts")]
fn attempts(calls: &mut u32) -> Result<(), ErrorKind> {
    *calls += 1;
    Err(ErrorKind::Other)
}

fn calls_of(call: impl FnOnce(&mut u32) -> Result<(), ErrorKind>) -> u32 {
    let mut calls = 0;
    call(&mut calls).expect_err("it always fails");
    calls
}

#[test]
fn a_retry_takes_the_number_of_the_file_and_its_own_again() {
    let turn = Turn::begin();
    assert_eq!(calls_of(attempts), 4);
    turn.set("[retry.\"operations.attempts\"]\nmax_retries = 1");
    assert_eq!(calls_of(attempts), 2);
    turn.set("[retry.\"operations.attempts\"]\nmax_attempts = 6");
    assert_eq!(calls_of(attempts), 6);
    turn.set("[default.retry]\nmax_retries = 0");
    assert_eq!(calls_of(attempts), 1);
    turn.set("");
    assert_eq!(calls_of(attempts), 4);
}

#[test]
fn the_section_of_the_name_wins_over_that_of_all_names() {
    let turn = Turn::begin();
    turn.set("[default.retry]\nmax_retries = 0\n[retry.\"operations.attempts\"]\nmax_retries = 2");
    assert_eq!(calls_of(attempts), 3);
    let (value, source) = setting("operations.attempts", "retry", "max_retries");
    let path = "apply".to_owned();
    assert_eq!(
        (value.as_str(), source),
        ("2", Source::File { path, line: 4 })
    );
    let (value, source) = setting("operations.attempts", "retry", "base_delay");
    assert_eq!(value, "0ns");
    assert!(matches!(source, Source::Attribute { .. }), "{source:?}");
}

#[test]
fn a_retry_that_is_not_enabled_is_not_there() {
    let turn = Turn::begin();
    assert_eq!(calls_of(attempts), 4);
    let before = resilience::registry::operation("operations.attempts").expect("it has run");
    turn.set("[retry.\"operations.attempts\"]\nenabled = false");
    assert_eq!(calls_of(attempts), 1);
    let after = resilience::registry::operation("operations.attempts").expect("it has run");
    assert_eq!(after.gave_up, before.gave_up, "nobody retries");
}

#[retry(max_retries = N, base_delay = 0s, operation = "operations.generic")]
fn generic<const N: u32>(calls: &mut u32) -> Result<(), ErrorKind> {
    *calls += 1;
    Err(ErrorKind::Other)
}

/// The static of a generic function is that of all its instances.
#[test]
fn each_instance_of_a_generic_function_keeps_the_values_that_are_its_own() {
    let turn = Turn::begin();
    let calls = || [calls_of(generic::<1>), calls_of(generic::<4>)];
    assert_eq!(calls(), [2, 5]);
    turn.set("[retry.\"operations.generic\"]\nmax_retries = 9\njitter = \"none\"");
    assert_eq!(calls(), [2, 5], "the function computes the number");
    turn.set("[retry.\"operations.generic\"]\nenabled = false");
    assert_eq!(calls(), [1, 1]);
    turn.set("");
    assert_eq!(calls(), [2, 5]);
}

#[timeout(1s, operation = "operations.slow")]
async fn slow(for_seconds: u64) -> io::Result<u64> {
    tokio::time::sleep(Duration::from_secs(for_seconds)).await;
    Ok(for_seconds)
}

#[tokio::test(start_paused = true)]
async fn a_timeout_takes_the_limit_of_the_file() {
    let turn = Turn::begin();
    slow(2).await.expect_err("the attribute's limit");
    turn.set("[timeout.\"operations.slow\"]\nlimit = \"1m30s\"");
    assert_eq!(slow(89).await.expect("in time"), 89);
    let start = Instant::now();
    slow(91).await.expect_err("too late");
    assert_eq!(start.elapsed(), Duration::from_secs(90));
    turn.set("[timeout.\"operations.slow\"]\nenabled = false");
    assert_eq!(slow(10_000).await.expect("no limit"), 10_000);
}

#[timeout(50ms, mode = cooperative, operation = "operations.in_place")]
fn in_place(body: fn()) -> io::Result<Option<Duration>> {
    body();
    Ok(resilience::remaining())
}

#[timeout(50ms, operation = "operations.on_worker")]
fn on_worker(caller: std::thread::ThreadId) -> io::Result<bool> {
    Ok(std::thread::current().id() == caller)
}

#[test]
fn a_sync_timeout_that_is_not_enabled_runs_its_body_in_place_and_without_a_deadline() {
    let turn = Turn::begin();
    let caller = std::thread::current().id();
    // A busy machine may need longer than the limit of the attributes.
    turn.set(
        "[timeout.\"operations.in_place\"]\nlimit = \"1h\"\n\
         [timeout.\"operations.on_worker\"]\nlimit = \"1h\"",
    );
    assert!(!on_worker(caller).expect("in time"));
    assert!(in_place(|| ()).expect("in time").is_some());
    turn.set("[default.timeout]\nenabled = false");
    assert!(on_worker(caller).expect("no limit"));
    let wait = || std::thread::sleep(Duration::from_millis(60));
    assert_eq!(in_place(wait).expect("no limit"), None);
}
