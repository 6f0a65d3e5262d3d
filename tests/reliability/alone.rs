//! Tests that cannot share a process: they fill a pool of the process, or depend on the listener of
//! its events.
//!
//! `tracing` remembers for each event whether anybody listens, and a test without a subscriber that
//! comes to an event at the wrong moment would have it remembered that nobody does
//! (tokio-rs/tracing#3611).

use std::{
    any::type_name,
    env,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Set in the process that runs one test only.
const ALONE: &str = "RELIABILITY_ALONE";

/// Far longer than any of them takes.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Returns true if this process runs `test` alone. If not, runs it in one that does, and waits for
/// its end.
pub(crate) fn is_alone<F: Fn()>(_test: F) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let (_crate, test) = type_name::<F>()
        .split_once("::")
        .expect("a path in this crate");
    let this = env::current_exe().expect("the path of this program");
    let mut process = Command::new(this)
        .args(["--exact", test])
        .env(ALONE, "1")
        .spawn()
        .expect("a process");
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().expect("the status of a child") {
            break status;
        }
        if started.elapsed() > LONGEST_WAIT {
            process.kill().expect("a child may be ended");
            panic!("{test} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{test}: {status}");
    false
}
