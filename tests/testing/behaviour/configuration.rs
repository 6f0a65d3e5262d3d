//! The configuration file of a scope is its own, and so is a watch that begins in it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use resilience::testing::scope;
use resilience::{config, retry};
use tempfile::TempDir;

const EVERY: Duration = Duration::from_millis(10);
/// An upper bound. The file is asked every 10 ms.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

#[retry(max_retries = 3, base_delay = 0s, operation = "configuration.watched")]
fn watched(calls: &mut u32) -> Result<(), &'static str> {
    *calls += 1;
    Err("down")
}

fn calls() -> u32 {
    let mut calls = 0;
    watched(&mut calls).expect_err("it always fails");
    calls
}

fn write(path: &Path, retries: u32) {
    let new = path.with_extension("new");
    let text = format!("[retry.\"configuration.watched\"]\nmax_retries = {retries}\n");
    fs::write(&new, text).expect("writable");
    fs::rename(new, path).expect("renamed");
}

fn wait_for(number: u32) {
    let start = Instant::now();
    while calls() != number {
        assert!(start.elapsed() < LONGEST_WAIT, "{} calls", calls());
        std::thread::sleep(EVERY);
    }
}

#[test]
fn a_watch_belongs_to_the_scope_that_it_began_in() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    write(&path, 1);
    let first = scope();
    let watch = config::watch(&path, EVERY).expect("valid");
    assert_eq!(calls(), 2, "it is loaded at once");
    write(&path, 5);
    wait_for(6);
    {
        let _second = scope();
        assert_eq!(calls(), 4, "another scope has no file");
        let second = config::watch(&path, EVERY).expect("each scope may watch the file");
        assert_eq!(calls(), 6);
        drop(second);
        drop(config::watch(&path, EVERY).expect("it is watched no more"));
    }
    let again = config::watch(&path, EVERY).expect_err("the scope watches it already");
    assert!(again.to_string().contains("watched already"), "{again}");
    drop(first);
    assert_eq!(calls(), 4, "the process has no file");
    write(&path, 7);
    std::thread::sleep(5 * EVERY);
    assert_eq!(
        calls(),
        4,
        "the watch of a scope changes nothing of the process"
    );
    drop(watch);
    let _scope = scope();
    drop(config::watch(&path, EVERY).expect("the next scope"));
}
