//! A policy is a folder in each crate. The policy of `tests/test-policy` has one, and the layers
//! around it treat its refusals rightly, although no other file than the lists names it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The files outside of the policy's two folders that name it, as CONTRIBUTING.md says.
const NAMING: &[&str] = &[
    "resilience-macros/src/lib.rs",
    "resilience-macros/src/policy/mod.rs",
    "resilience-runtime/src/errors/refusal.rs",
    "resilience-runtime/src/lib.rs",
];

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

#[test]
fn no_other_file_of_the_crates_names_the_policy() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut naming = Vec::new();
    for source in ["resilience-macros/src", "resilience-runtime/src"] {
        add_naming(&workspace, Path::new(source), &mut naming);
    }
    naming.sort();
    assert_eq!(naming, NAMING);
}

fn add_naming(workspace: &Path, folder: &Path, naming: &mut Vec<String>) {
    for entry in fs::read_dir(workspace.join(folder)).expect("a folder of sources") {
        let name = entry.expect("an entry").file_name();
        let path = folder.join(&name);
        if name == "every_third" {
            continue;
        }
        if workspace.join(&path).is_dir() {
            add_naming(workspace, &path, naming);
            continue;
        }
        let text = fs::read_to_string(workspace.join(&path)).expect("a source");
        let names = [
            "every_third",
            "EveryThird",
            "ThirdCall",
            "resilience_test_policy",
        ];
        if names.iter().any(|name| text.contains(name)) {
            naming.push(path.display().to_string());
        }
    }
}
