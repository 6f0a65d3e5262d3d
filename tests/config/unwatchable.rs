//! A thread that the system does not start. The test runs itself with stacks that no address space
//! has, and has no harness, because a harness starts threads of its own.

#![expect(clippy::print_stdout, reason = "the child answers its parent")]

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use resilience::config;
use resilience_config_tests::golden;

/// The name of the file that the child watches.
const FILE: &str = "UNWATCHABLE_FILE";

fn main() {
    if let Some(path) = env::var_os(FILE) {
        child(Path::new(&path));
    } else if cfg!(target_os = "linux") {
        parent();
    }
}

/// Prints the report, and how many settings the file that is not watched has changed.
fn child(path: &Path) {
    let errors = config::watch(path, Duration::from_millis(10)).expect_err("there is no thread");
    println!("{errors}");
    let applied = config::load(path).expect("valid");
    println!("<{} changes>", applied.changes.len());
}

fn parent() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("resilience.toml");
    std::fs::write(&path, "[retry.a]\nmax_retries = 5\n").expect("writable");
    let output = Command::new(env::current_exe().expect("this test"))
        .env(FILE, &path)
        .env("RUST_MIN_STACK", (1_u64 << 47).to_string())
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    let (report, changes) = text.split_once('<').expect("an answer");
    assert_eq!(
        changes.trim_end(),
        "1 changes>",
        "a watch that fails applies nothing, so the later load changes the value"
    );
    let report = report.replace(path.to_str().expect("UTF-8"), "FILE");
    golden("files/unwatchable", &report).expect("the golden");
}
