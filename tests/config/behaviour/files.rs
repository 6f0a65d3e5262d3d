//! A file that cannot be a configuration is refused with the reason, and changes nothing.

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use resilience::config::{self, ConfigErrors};
use resilience_config_tests::{Turn, golden};
use tempfile::TempDir;

/// Compares the report of a file with `faults/files/NAME.txt`, which calls the file FILE.
pub(crate) fn compare(name: &str, path: &Path, errors: &ConfigErrors) {
    let [fault] = errors.faults() else {
        panic!("one fault, not {errors}")
    };
    assert_eq!(Path::new(&fault.file), path);
    let report = errors.to_string();
    let report = report.replace(path.to_str().expect("UTF-8"), "FILE");
    golden(&format!("files/{name}"), &report).unwrap_or_else(|difference| panic!("{difference}"));
}

/// Loads a file that is refused, and compares the report.
fn refused(path: &Path, name: &str) {
    let errors = config::load(path).expect_err("it is no configuration");
    compare(name, path, &errors);
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_changes_nothing() {
    let turn = Turn::begin();
    turn.set("[retry.kept]\nmax_retries = 7");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    refused(&path, "missing");
    refused(folder.path(), "directory");
    #[cfg(unix)]
    refused(Path::new("/dev/null"), "no_regular_file");
    // A regular file by its marks, which nobody can read from its beginning, whatever the
    // permissions.
    #[cfg(target_os = "linux")]
    refused(Path::new("/proc/self/mem"), "unreadable");
    fs::write(&path, b"[retry.jira]\n# \xFF\xFE\n").expect("writable");
    refused(&path, "no_utf_8");
    let large = fs::File::create(&path).expect("writable");
    large.set_len(100 << 20).expect("100 MiB without content");
    refused(&path, "too_large");
    fs::write(&path, vec![b'#'; (1 << 20) + 1]).expect("writable");
    refused(&path, "too_large");
    fs::write(&path, vec![b'#'; 1 << 20]).expect("writable");
    config::load(&path).expect("1 MiB is no fault");
    turn.set("[retry.kept]\nmax_retries = 7");
    fs::write(&path, "[retry.kept]\nmax_retr").expect("writable");
    refused(&path, "half_written");
    let applied = turn.set("[retry.kept]\nmax_retries = 7");
    assert_eq!(applied.changes, [], "the configuration is the one before");
}

#[test]
fn a_file_without_a_fault_is_applied_under_its_path() {
    let _turn = Turn::begin();
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    fs::write(&path, "[retry.loaded]\nmax_retries = 5\n").expect("writable");
    let applied = config::load(&path).expect("valid");
    assert_eq!(applied.changes.len(), 1);
    let status = resilience::registry::snapshot().config;
    assert_eq!(status.file.as_deref(), path.to_str());
    assert!(status.applied_at.is_some() && status.refused.is_none());
    fs::write(&path, "[retry.loaded]\nmax_attempts = 0\n").expect("writable");
    config::load(&path).expect_err("refused");
    let status = resilience::registry::snapshot().config;
    assert_eq!(status.file.as_deref(), path.to_str(), "it goes on to hold");
    assert!(
        status
            .refused
            .is_some_and(|report| report.contains("max_attempts"))
    );
    let json = serde_json::to_value(resilience::registry::snapshot()).expect("JSON");
    assert_eq!(json["config"]["file"].as_str(), path.to_str());
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_is_whole() {
    let _turn = Turn::begin();
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    let content = |retries: u32| {
        let comment = "# a comment\n".repeat(5_000);
        format!("[retry.a]\nmax_retries = {retries}\n{comment}[retry.b]\nmax_retries = {retries}\n")
    };
    let replace = |retries| {
        let new = path.with_extension("new");
        fs::write(&new, content(retries)).expect("writable");
        fs::rename(new, &path).expect("renamed");
    };
    replace(1);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                replace(round % 2);
            }
        });
        // The scope waits for the writer, also if an assertion fails.
        let loads = panic::catch_unwind(|| {
            for _ in 0..50 {
                if let Ok(applied) = config::load(&path) {
                    let values: Vec<_> = applied.changes.iter().map(|change| &change.to).collect();
                    let is_whole = values.iter().all(|value| *value == values[0]);
                    assert!(is_whole, "{applied:?}");
                }
            }
        });
        is_over.store(true, Ordering::Relaxed);
        loads.expect("each file is whole");
    });
}

/// Linux has a file with another content at each reading. A writer on another thread would have to
/// run between two readings, which it seldom does on a single processor.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_never_settles_is_refused_and_changes_nothing() {
    let turn = Turn::begin();
    turn.set("[retry.kept]\nmax_retries = 7");
    refused(Path::new("/proc/sys/kernel/random/uuid"), "changing");
    let applied = turn.set("[retry.kept]\nmax_retries = 7");
    assert_eq!(applied.changes, [], "the configuration is the one before");
}
