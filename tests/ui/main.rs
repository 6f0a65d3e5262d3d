//! What a person reads who made a mistake: every case is one mistake, and its golden beside it is the whole answer.
//!
//! A case is named as a specification, `<attribute or topic>/<what is wrong>.rs`, and calls its function, which is
//! defined whatever was wrong. `TRYBUILD=overwrite cargo test -p resilience-tests --test ui` writes the goldens anew, on
//! the pinned toolchain: read each one.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a macro is shown no token of its own to point at: an attribute without options, and one under another name.
const POINT_AT_THE_ATTRIBUTE: [&str; 2] =
    ["timeout/limit_missing", "stack/renamed_attribute_below"];

#[test]
fn every_mistake_has_its_message() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}

#[test]
fn one_mistake_is_one_error() {
    for (name, golden) in goldens() {
        let errors = golden
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        let is_one = !name.contains("/several_");
        assert!(
            errors > 0 && (errors == 1) == is_one,
            "{name} has {errors} errors:\n{golden}"
        );
        assert!(
            !golden.lines().any(|line| line.starts_with("warning")),
            "{name} has a warning too:\n{golden}"
        );
    }
}

#[test]
fn no_error_is_at_a_whole_attribute() {
    for (name, golden) in goldens() {
        if POINT_AT_THE_ATTRIBUTE.contains(&name.as_str()) {
            continue;
        }
        let lines: Vec<_> = golden.lines().collect();
        for pair in lines.windows(2) {
            let (Some((_, source)), Some((_, marks))) =
                (pair[0].split_once("| "), pair[1].split_once("| "))
            else {
                continue;
            };
            let attribute = source.find("#[");
            assert!(
                attribute.is_none() || marks.find('^') != attribute,
                "{name}:\n{golden}"
            );
        }
    }
}

#[test]
fn no_macro_panics() {
    for (name, golden) in goldens() {
        assert!(
            !golden.contains("panicked") || golden.contains("evaluation panicked: `"),
            "{name}:\n{golden}"
        );
    }
}

/// Every golden under the name of its case; a case without one fails here.
fn goldens() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let mut goldens = Vec::new();
    for folder in entries(&root).into_iter().filter(|entry| entry.is_dir()) {
        for case in entries(&folder)
            .into_iter()
            .filter(|file| file.extension().is_some_and(|kind| kind == "rs"))
        {
            let name = case
                .with_extension("")
                .strip_prefix(&root)
                .expect("inside")
                .to_string_lossy()
                .into_owned();
            let golden = fs::read_to_string(case.with_extension("stderr"));
            goldens.push((
                name.clone(),
                golden.unwrap_or_else(|error| panic!("{name}: {error}")),
            ));
        }
    }
    assert!(!goldens.is_empty(), "no cases found");
    goldens
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .collect();
    entries.sort();
    entries
}
