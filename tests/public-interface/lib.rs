//! The published packages of the workspace, as cargo describes them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A package that is published.
#[derive(Debug)]
pub struct Package {
    /// The name of the package.
    pub name: String,
    /// The name of its library in code.
    pub library: String,
    /// Its manifest with the values of the workspace.
    pub manifest: Value,
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All packages that are published, in the order of their names.
///
/// # Panics
///
/// If cargo does not describe the workspace.
#[must_use]
pub fn published() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata fails");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    // A package that says `publish = false` has an empty list there.
    let published = packages
        .iter()
        .filter(|package| package["publish"].is_null());
    let mut published: Vec<_> = published.map(package).collect();
    published.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!published.is_empty(), "no package is published");
    published
}

fn package(manifest: &Value) -> Package {
    let is_library = |target: &&Value| {
        let kinds = target["kind"].as_array().expect("kinds");
        kinds
            .iter()
            .any(|kind| kind == "lib" || kind == "proc-macro")
    };
    let targets = manifest["targets"].as_array().expect("targets");
    let library = targets.iter().find(is_library).expect("a library");
    Package {
        name: text(&manifest["name"]),
        library: text(&library["name"]).replace('-', "_"),
        manifest: manifest.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
