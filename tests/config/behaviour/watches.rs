//! A file is followed, also where a link is swapped, as Kubernetes does with a mounted file.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use resilience::config;
use resilience::events::{self, EventKind, Subscription};
use resilience_config_tests::Turn;
use tempfile::TempDir;

use crate::files::compare;

const EVERY: Duration = Duration::from_millis(10);
/// An upper bound. The file is asked every 10 ms.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// An event of the configuration, as a listener gets it.
#[derive(Debug, PartialEq)]
enum Told {
    Applied(usize),
    Refused(String),
}

fn told() -> (Subscription, Receiver<Told>) {
    let (send, receive) = mpsc::channel();
    let subscription = events::subscribe(move |event| {
        let told = match &event.kind {
            EventKind::ConfigApplied { changes, .. } => Told::Applied(changes.len()),
            EventKind::ConfigRefused { report, .. } => Told::Refused((*report).to_owned()),
            _ => return,
        };
        let _ = send.send(told);
    });
    (subscription, receive)
}

/// Writes a file as a whole: under another name first.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("writable");
    fs::rename(new, path).expect("renamed");
}

fn retries(number: u32) -> String {
    format!("[retry.watched]\nmax_retries = {number}\n")
}

#[test]
fn a_change_is_applied_a_fault_is_told_once_and_the_next_content_is_tried() {
    let _turn = Turn::begin();
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    fs::write(&path, retries(1)).expect("writable");
    let (_subscription, told) = told();
    let next = || told.recv_timeout(LONGEST_WAIT).expect("it is told");
    let watch = config::watch(&path, EVERY).expect("valid");
    assert_eq!((watch.path(), next()), (path.as_path(), Told::Applied(1)));
    replace(&path, &retries(2));
    assert_eq!(next(), Told::Applied(1));
    replace(&path, "[retry.watched]\nmax_attempts = 0\n");
    let Told::Refused(report) = next() else {
        panic!("it has a fault")
    };
    assert!(report.contains("resilience.toml:2:16"), "{report}");
    assert!(told.recv_timeout(EVERY * 20).is_err(), "it is told once");
    replace(&path, "[retry.watched]\nmax_attempts = 0\n# 2\n");
    assert_eq!(next(), Told::Refused(report), "it is another content");
    fs::remove_file(&path).expect("removed");
    assert!(matches!(next(), Told::Refused(report) if report.contains("cannot be read")));
    assert!(
        told.recv_timeout(EVERY * 20).is_err(),
        "a missing file is told once"
    );
    replace(&path, &retries(3));
    assert_eq!(next(), Told::Applied(1));
    drop(watch);
    replace(&path, &retries(4));
    assert!(told.recv_timeout(EVERY * 20).is_err(), "nobody follows it");
}

#[cfg(unix)]
#[test]
fn the_swap_of_a_mounted_file_is_seen() {
    use std::os::unix::fs::symlink;

    let _turn = Turn::begin();
    let folder = TempDir::new().expect("a folder");
    // kubelet writes a folder for each version, and swaps the link `..data` by a rename.
    let version = |name: &str, number: u32| {
        let version = folder.path().join(name);
        fs::create_dir(&version).expect("a folder");
        fs::write(version.join("resilience.toml"), retries(number)).expect("writable");
        let new = folder.path().join("..data_tmp");
        symlink(name, &new).expect("a link");
        fs::rename(new, folder.path().join("..data")).expect("swapped");
    };
    version("..2026_11_26_1", 1);
    let path = folder.path().join("resilience.toml");
    symlink("..data/resilience.toml", &path).expect("a link");
    let (_subscription, told) = told();
    let next = || told.recv_timeout(LONGEST_WAIT).expect("it is told");
    let _watch = config::watch(&path, EVERY).expect("valid");
    assert_eq!(next(), Told::Applied(1));
    for round in 2..5 {
        version(&format!("..2026_11_26_{round}"), round);
        assert_eq!(next(), Told::Applied(1), "round {round}");
    }
}

#[test]
fn a_second_watch_a_short_interval_and_a_faulty_file_are_refused() {
    let _turn = Turn::begin();
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    let refused = |watched: Result<config::Watch, config::ConfigErrors>, name| {
        compare(name, &path, &watched.expect_err("refused"));
    };
    refused(config::watch(&path, EVERY), "missing");
    fs::write(&path, retries(1)).expect("writable");
    let short = Duration::from_millis(9);
    refused(config::watch(&path, short), "interval_too_short");
    let watch = config::watch(&path, EVERY).expect("valid");
    refused(config::watch(&path, EVERY), "watched_twice");
    #[cfg(unix)]
    {
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let errors = config::watch(&link, EVERY).expect_err("it is the same file");
        compare("watched_twice", &link, &errors);
    }
    drop(watch);
    drop(config::watch(&path, EVERY).expect("the first one is gone"));
}

#[test]
fn a_listener_may_drop_the_watch() {
    let _turn = Turn::begin();
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    fs::write(&path, retries(1)).expect("writable");
    let (send, receive) = mpsc::channel();
    let watch = std::sync::Mutex::new(Some(config::watch(&path, EVERY).expect("valid")));
    let _subscription = events::subscribe(move |event| {
        if matches!(event.kind, EventKind::ConfigApplied { .. }) {
            drop(watch.lock().expect("whole").take());
            let _ = send.send(());
        }
    });
    replace(&path, &retries(2));
    receive.recv_timeout(LONGEST_WAIT).expect("it ends");
}
