//! The variable `RESILIENCE_OVERRIDES` is the environment's, so this test is a process of its own.
//! It runs itself with each value, because setting a variable of a running process is unsafe.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use resilience::{Source, config};
use resilience_config_tests::{cases, faults, golden};

const VARIABLE: &str = "RESILIENCE_OVERRIDES";
/// The name of the case that the child runs.
const CASE: &str = "OVERRIDES_CASE";

/// Runs the test of that name in a child with the variable. The output is that of the child.
fn run(case: &str, overrides: impl AsRef<OsStr>) -> String {
    let this = std::env::current_exe().expect("this test");
    let output = Command::new(this)
        .args(["--exact", "child", "--nocapture"])
        .env(CASE, case)
        .env(VARIABLE, overrides)
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{case}: {text}");
    let (_, after) = text.split_once("<<").expect("an answer");
    after.split_once(">>").expect("its end").0.to_owned()
}

/// The child: it does what the parent asks for.
#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    let file = "[circuit_breaker.jira]\nfailure_threshold = 3\n[default.retry]\nmax_retries = 1\n";
    let applied = config::apply(file);
    let answer = match (case.as_str(), applied) {
        ("report", Err(errors)) => errors.to_string(),
        ("report", Ok(applied)) => format!("{} changes", applied.changes.len()),
        ("jira", Ok(_)) => {
            let circuit = resilience::registry::get_or_register(
                "jira",
                resilience::CircuitBreakerConfig::new(),
            );
            let settings = config::describe("jira");
            let threshold = settings
                .iter()
                .find(|setting| setting.setting == "failure_threshold")
                .expect("it has one");
            let is_environment = threshold.source == Source::Environment;
            let threshold = circuit.config().get_failure_threshold();
            format!("{threshold:?} {is_environment}")
        }
        ("pool", Ok(_)) => {
            let config = resilience::BulkheadConfig::new(5);
            resilience::registry::get_or_register_bulkhead("pool", config);
            let limit = resilience::registry::bulkhead("pool").map(|stats| stats.limit);
            format!("{limit:?}")
        }
        (case, applied) => format!("{case}: {applied:?}"),
    };
    println!("<<{answer}>>");
}

#[test]
fn an_override_reaches_a_bulkhead() {
    assert_eq!(run("pool", "bulkhead.pool.max_concurrent=40"), "Some(40)");
    assert!(run("report", "bulkhead.pool.max_concurrent=0").contains("must be at least 1"));
}

#[test]
fn an_override_wins_over_the_file() {
    assert_eq!(
        run("jira", "circuit_breaker.jira.failure_threshold=10"),
        "Some(10) true"
    );
    assert_eq!(
        run("jira", "circuit_breaker.\"jira\".failure_threshold = 10 ;"),
        "Some(10) true"
    );
    assert_eq!(run("jira", ""), "Some(3) false");
    assert_eq!(run("jira", "retry.a.max_retries=5"), "Some(3) false");
}

#[test]
fn names_may_have_dots_colons_and_in_quotation_marks_anything() {
    for overrides in [
        "retry.orders::jira::issue.max_retries=5",
        "retry.orders.jira.issue.base_delay=250ms; timeout.a.limit=1m30s;;",
        "retry.\"a;b=c\".max_retries=5",
        "default.retry.jitter=none; default.circuit_breaker.failure_rate=0.5",
        "circuit_breaker.jira.enforce=false;retry.a.budget=all;retry.b.budget=0.1",
        "metrics.durations=true",
    ] {
        let report = run("report", overrides);
        assert!(report.ends_with("changes"), "{overrides}: {report}");
    }
}

/// `faults/overrides/NAME.env` is a value with a fault, and `NAME.txt` its report.
#[test]
fn every_fault_of_the_variable_has_its_report_and_nothing_is_applied() {
    let cases = cases("overrides", "env");
    assert!(cases.len() > 10, "{} cases", cases.len());
    let mut differences = Vec::new();
    for case in cases {
        let case = format!("overrides/{case}");
        let value = fs::read_to_string(faults().join(&case).with_extension("env"));
        let report = run("report", value.expect("readable").trim_end());
        assert!(
            report.contains("--> RESILIENCE_OVERRIDES:1:"),
            "{case}: {report}"
        );
        differences.extend(golden(&case, &report).err());
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_no_utf_8_is_a_fault() {
    use std::os::unix::ffi::OsStrExt;

    let value = OsStr::from_bytes(b"retry.a.max_retries=\xFF");
    let report = run("report", value);
    golden("overrides/no_utf_8", &report).expect("the golden");
}

#[test]
fn values_of_the_file_and_of_the_variable_are_checked_together() {
    for overrides in [
        "retry.a.base_delay=9s; retry.a.max_delay=5s",
        "default.retry.base_delay=9s; default.retry.max_delay=5s",
    ] {
        let report = run("report", overrides);
        assert!(
            report.contains("`base_delay` (9s) is above `max_delay` (5s)"),
            "{overrides}: {report}"
        );
    }
}
