//! Each case is one mistake, and the golden beside it holds every message that the mistake gets.
//!
//! The path of a case is its specification. A mistake that several options of an attribute can have is a folder with
//! one case per option, `retry/zero/max_attempts.rs`; a mistake in the list of options is in
//! `<attribute>/options/`; any other mistake with an option is a file, `retry/jitter_decorrelated_with_strategy.rs`.
//! `body/`, `function/` and `stack/` hold the mistakes that are not made in an attribute's options. A case calls its
//! function, because the function must be defined whatever was wrong.
//!
//! `cargo test -p resilience-tests --test ui -- every_mistake trybuild=retry/zero` checks the cases whose path
//! contains `retry/zero`; with `TRYBUILD=overwrite` in front it writes their goldens anew, on the pinned toolchain.

mod sysroot;

use std::fs;
use std::path::{Path, PathBuf};

/// The cases whose error is at a whole attribute, because a macro is shown no token of an attribute without options or
/// of an attribute that has another name.
const POINT_AT_THE_ATTRIBUTE: [&str; 13] = [
    "hedge/budget/missing_alone",
    "function/async_hedge",
    "fallback/answer_missing",
    "function/async_fallback",
    "bulkhead/max_concurrent_missing",
    "rate_limit/everything_missing",
    "function/async_rate_limit",
    "timeout/limit_missing",
    "stack/renamed_attribute_below",
    "function/async_retry",
    "function/async_circuit_breaker",
    "function/async_timeout",
    "function/async_bulkhead",
];

#[test]
fn every_mistake_has_its_message() {
    sysroot::hide_sources_of_std().expect("a sysroot without std's sources");
    trybuild::TestCases::new().compile_fail("ui/*/**/*.rs");
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

#[test]
fn no_golden_shows_a_line_of_std() {
    for (name, golden) in goldens() {
        let lines: Vec<_> = golden.lines().map(str::trim_start).collect();
        for (index, line) in lines.iter().enumerate() {
            let snippet = lines[index + 1..]
                .iter()
                .take_while(|line| line.starts_with('|'));
            assert!(
                !line.contains("$RUST/") || snippet.into_iter().all(|line| *line == "|"),
                "{name} shows std's source, which is only installed with rust-src:\n{golden}"
            );
        }
    }
}

#[test]
fn every_folder_is_read_at_one_glance() {
    for folder in folders(&root()) {
        let cases = cases(&folder).len();
        assert!(cases <= 30, "{} cases in {}", cases, folder.display());
    }
}

#[test]
fn every_golden_has_its_case() {
    for folder in folders(&root()) {
        for file in entries(&folder).into_iter().filter(|file| file.is_file()) {
            assert!(
                file.with_extension("rs").exists() && file.with_extension("stderr").exists(),
                "{} is alone",
                file.display()
            );
        }
    }
}

/// Every golden under the name of its case; a case without one fails here.
fn goldens() -> Vec<(String, String)> {
    let root = root();
    let mut goldens = Vec::new();
    for folder in folders(&root) {
        for case in cases(&folder) {
            let name = case
                .with_extension("")
                .strip_prefix(&root)
                .expect("inside")
                .to_string_lossy()
                .into_owned();
            let golden = fs::read_to_string(case.with_extension("stderr"))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            goldens.push((name, golden));
        }
    }
    assert!(!goldens.is_empty(), "no cases found");
    goldens
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}

/// Every folder below `root`, at any depth.
fn folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in entries(root).into_iter().filter(|entry| entry.is_dir()) {
        folders.extend(self::folders(&folder));
        folders.push(folder);
    }
    folders
}

/// The cases that are in `folder` itself.
fn cases(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "rs"))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .collect();
    entries.sort();
    entries
}
