//! The whole output of rustc and clippy, with all lints of all groups on, is the same for a bare
//! and an annotated module.

use std::collections::BTreeMap;
use std::process::Command;

use crate::{ANNOTATED, BARE, Policies, cargo, package};

const SOURCE: &str = include_str!("linted.rs");

/// Lints of rustc that are no lints of the code.
const NOT_OF_THE_CODE: [&str; 3] = ["unstable-features", "linker-messages", "unknown-lints"];

/// Lints that judge the whole function, and rightly fall silent of a function that is annotated.
const OF_THE_WHOLE_FUNCTION: [&str; 5] = [
    // A function that waits is not `const`.
    "clippy::missing_const_for_fn",
    // An open circuit is an error, and so is an expired timeout.
    "clippy::unnecessary_wraps",
    // A retry awaits.
    "clippy::unused_async",
    // The function does more than its async block.
    "clippy::manual_async_fn",
    // Clippy finds no `Result` behind the `return` of a function that returns a future.
    "clippy::missing_errors_doc",
];

/// Lines, marked so in the source, of which a warning is lost: of a closure in the body, because
/// the allowance for the closure around the body holds for all in it; of an argument's part,
/// because the attempt captures all of it.
const LOST: &str = "// The warning of this line is lost.";

type Warnings = BTreeMap<(usize, String, String), usize>;

/// The lints of rustc that are allowed by default or warn.
fn rustc_lints() -> Vec<String> {
    let help = Command::new("rustc").args(["-W", "help"]).output();
    let help = String::from_utf8(help.expect("rustc runs").stdout).expect("UTF-8");
    let names = help.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, level) = (words.next()?, words.next()?);
        let is_lint = matches!(level, "allow" | "warn") && !name.contains("::");
        (is_lint && !NOT_OF_THE_CODE.contains(&name)).then(|| name.to_owned())
    });
    names.collect()
}

fn warnings(policies: &Policies) -> Warnings {
    let package = package("lints", policies, SOURCE);
    let mut arguments: Vec<String> = ["clippy", "--offline", "--message-format=json", "--"]
        .map(str::to_owned)
        .to_vec();
    let groups =
        ["all", "pedantic", "nursery", "restriction"].map(|group| format!("clippy::{group}"));
    for lint in groups.into_iter().chain(rustc_lints()) {
        arguments.extend(["-W".to_owned(), lint]);
    }
    arguments.extend(["-A", "clippy::blanket_clippy_restriction_lints"].map(str::to_owned));
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let output = cargo(&package, &arguments);
    assert!(
        output.status.success(),
        "{} does not build: {}",
        policies.name,
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let mut warnings = Warnings::new();
    let package_id = format!("/{}#", policies.name);
    for message in output.lines() {
        let message: serde_json::Value = serde_json::from_str(message).expect("JSON");
        let is_ours = message["package_id"]
            .as_str()
            .is_some_and(|id| id.contains(&package_id));
        let Some(spans) = message["message"]["spans"].as_array() else {
            continue;
        };
        // Some warnings of rustc are no lints, so nobody can allow them, such as that of a label
        // inside of its like.
        let lint = message["message"]["code"]["code"]
            .as_str()
            .unwrap_or("no lint");
        let Some(span) = spans.iter().find(|span| span["is_primary"] == true) else {
            continue;
        };
        if is_ours && !OF_THE_WHOLE_FUNCTION.contains(&lint) {
            let at = span["line_start"].as_u64().expect("a line");
            let text = message["message"]["message"].as_str().expect("a text");
            let warning = (
                usize::try_from(at).expect("few lines"),
                lint.to_owned(),
                text.to_owned(),
            );
            *warnings.entry(warning).or_default() += 1;
        }
    }
    warnings
}

#[test]
fn an_annotated_module_has_the_warnings_of_the_bare_one_and_no_other() {
    let mut expected = warnings(&BARE);
    assert!(expected.len() > 150, "the lints are on");
    let lost = |line: usize| {
        SOURCE
            .lines()
            .nth(line - 1)
            .is_some_and(|text| text.ends_with(LOST))
    };
    expected.retain(|(line, ..), _| !lost(*line));
    for policies in &ANNOTATED {
        let mut found = warnings(policies);
        found.retain(|(line, ..), _| !lost(*line));
        let added: Vec<_> = found
            .iter()
            .filter(|(warning, times)| expected.get(warning) != Some(times))
            .collect();
        let missing: Vec<_> = expected
            .iter()
            .filter(|(warning, times)| found.get(warning) != Some(times))
            .collect();
        assert!(
            added.is_empty() && missing.is_empty(),
            "{}: added {added:#?}, missing {missing:#?}",
            policies.name
        );
    }
}
