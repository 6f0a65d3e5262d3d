//! A policy is a folder in each crate. The policy of `tests/test-policy` has one, and the layers
//! around it treat its refusals rightly, although no other file than the lists names it.

use std::path::Path;
use std::process::Command;

#[test]
fn a_policy_is_a_folder() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // In a folder of its own, because the flag builds both crates and all of their dependencies
    // anew.
    let output = Command::new(env!("CARGO"))
        .current_dir(&workspace)
        .args(["test", "--package", "resilience-test-policy", "--lib"])
        .args(["--target-dir", "target/test-policy"])
        .env("RUSTFLAGS", "--cfg resilience_test_policy -D warnings")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("test result: ok. 5 passed"), "{stdout}");
}
