//! Source-based coverage counts the branches of an annotated body as it counts those of a bare one.
//!
//! The counters are in the code that rustc emits, so that the test needs no tool that reads a
//! profile.

use std::fs;

use crate::{ANNOTATED, BARE, Policies, cargo, package};

const SOURCE: &str = include_str!("counted.rs");
const FUNCTIONS: [&str; 3] = ["counted_async", "counted_block", "counted_sync"];

/// Returns for each function the largest number of counters that it, or a closure or block in it,
/// has.
fn counters(policies: &Policies) -> [u32; 3] {
    let package = package("coverage", policies, SOURCE);
    let arguments = [
        "rustc",
        "--offline",
        "--lib",
        "--",
        "-Cinstrument-coverage",
        "--emit=llvm-ir",
        "-Ccodegen-units=1",
    ];
    let output = cargo(&package, &arguments);
    assert!(
        output.status.success(),
        "{} does not build: {}",
        policies.name,
        String::from_utf8_lossy(&output.stderr)
    );
    let deps = package.with_file_name("target").join("debug/deps");
    let emitted = fs::read_dir(deps)
        .expect("a build folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ll"))
        .filter(|path| {
            let name = path.file_name().expect("a file").to_string_lossy();
            name.starts_with(&format!("{}-", policies.name))
        })
        .max_by_key(|path| {
            path.metadata()
                .and_then(|data| data.modified())
                .expect("a time")
        })
        .expect("emitted code");
    let emitted = fs::read_to_string(emitted).expect("text");
    FUNCTIONS.map(|function| {
        // `@__profc__RNv…counted_async = private global [4 x i64] zeroinitializer`
        let of_function = emitted
            .lines()
            .filter(|line| line.starts_with("@__profc_") && line.contains(function));
        let counts = of_function.filter_map(|line| {
            let (_, rest) = line.split_once('[')?;
            rest.split(' ').next()?.parse::<u32>().ok()
        });
        counts.max().unwrap_or_default()
    })
}

#[test]
fn the_branches_of_an_annotated_body_are_counted() {
    let bare = counters(&BARE);
    assert!(bare.iter().all(|count| *count >= 4), "{bare:?}");
    for policies in &ANNOTATED {
        let annotated = counters(policies);
        for ((function, bare), annotated) in FUNCTIONS.iter().zip(bare).zip(annotated) {
            assert!(
                annotated >= bare,
                "{function} under {}: {annotated} counters, bare {bare}",
                policies.name
            );
        }
    }
}
