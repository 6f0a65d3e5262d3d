//! The public interface of each published package, with all features, beside the reviewed one in
//! `goldens/`. `BLESS=1 cargo test -p resilience-public-interface-tests` writes it anew; read the
//! difference, because it decides on the next version.
//!
//! The pinned toolchain describes the interface: its rustdoc writes JSON, which is unstable, so
//! that the variable `RUSTC_BOOTSTRAP` allows it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use resilience_public_interface_tests::{Package, published, root};

/// Lines that say nothing to a user: pages of the guide, marks of the compiler, and the methods of
/// derived traits, whose `impl` has a line of its own.
fn is_noise(line: &str) -> bool {
    const MARKS: [&str; 3] = [
        "marker::Freeze",
        "marker::UnsafeUnpin",
        "marker::StructuralPartialEq",
    ];
    const METHODS: [&str; 5] = [
        "::fmt(&self, &mut core::fmt::Formatter<'_>) -> core::fmt::Result",
        "::clone(&self) -> ",
        "::eq(&self, &",
        "::hash<",
        "::serialize<",
    ];
    let is_mark = line.starts_with("impl") && MARKS.iter().any(|mark| line.contains(mark));
    let is_method = line.starts_with("pub fn ") && METHODS.iter().any(|name| line.contains(name));
    is_mark || is_method || line.starts_with("pub mod resilience::guide")
}

/// Builds the description of the package's interface.
fn described(package: &Package) -> PathBuf {
    let target = root().join("target/public-interface");
    let status = Command::new(env!("CARGO"))
        .args([
            "rustdoc",
            "--quiet",
            "--lib",
            "--all-features",
            "--package",
            &package.name,
        ])
        .arg("--target-dir")
        .arg(&target)
        .args([
            "--",
            "-Zunstable-options",
            "--output-format=json",
            "--cap-lints=allow",
        ])
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{}: rustdoc fails", package.name);
    target.join("doc").join(format!("{}.json", package.library))
}

fn interface(package: &Package) -> String {
    let interface = public_api::Builder::from_rustdoc_json(described(package))
        .omit_blanket_impls(true)
        .build()
        .unwrap_or_else(|error| panic!("{}: {error}", package.name));
    let lines = interface.items().map(ToString::to_string);
    lines
        .filter(|line| !is_noise(line))
        .map(|line| line + "\n")
        .collect()
}

/// The lines that only one of the two has.
fn difference(golden: &str, now: &str) -> String {
    let only = |sign: &str, these: &str, others: &str| {
        let others: Vec<_> = others.lines().collect();
        let only = these.lines().filter(|line| !others.contains(line));
        let marked = only.map(|line| format!("{sign} {line}"));
        marked.collect::<Vec<_>>().join("\n")
    };
    format!("{}\n{}", only("-", golden, now), only("+", now, golden))
}

#[test]
fn the_public_interface_is_as_reviewed() {
    for package in published() {
        let golden = root()
            .join("tests/public-interface/goldens")
            .join(format!("{}.txt", package.name));
        let now = interface(&package);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &now).expect("writable");
        }
        let reviewed = fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            reviewed == now,
            "the public interface of {} is another one:\n{}\nIf that is right, bless it with BLESS=1 and read the difference",
            package.name,
            difference(&reviewed, &now)
        );
    }
}
