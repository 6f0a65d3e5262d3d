//! Each fault has its words, its place and its caret. `faults/NAME.toml` is a file with the fault,
//! and `faults/NAME.txt` its report. `BLESS=1` writes the reports anew.

use std::fs;
use std::io;
use std::path::Path;

use resilience::{bulkhead, circuit_breaker, rate_limit, retry, timeout};
use resilience_config_tests::{Turn, cases, faults, golden};

#[circuit_breaker(name = "faults.circuit", failure_threshold = 3, max_recovery_timeout = 10m)]
fn circuit() -> io::Result<()> {
    Ok(())
}

#[circuit_breaker(name = "faults.row", consecutive_failures = 3)]
fn row() -> io::Result<()> {
    Ok(())
}

#[retry(max_delay = 10s, strategy = linear, operation = "faults.retry")]
fn retried() -> io::Result<()> {
    Ok(())
}

#[timeout(5s, operation = "faults.limits")]
#[retry]
async fn limited() -> io::Result<()> {
    Ok(())
}

#[bulkhead(5, name = "faults.pool")]
#[rate_limit(5, per = 1s, name = "faults.api")]
fn admitted() -> io::Result<()> {
    Ok(())
}

#[timeout(5s, operation = "faults.waiting")]
#[bulkhead(5)]
async fn waiting() -> io::Result<()> {
    Ok(())
}

#[timeout(5s, operation = "faults.turn")]
#[rate_limit(5, per = 1s, max_wait = 2s)]
async fn turn_of_limit() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn every_fault_has_its_report_and_changes_nothing() {
    let turn = Turn::begin();
    turn.set("[retry.kept]\nmax_retries = 7");
    circuit()
        .and_then(|()| row())
        .and_then(|()| retried())
        .and_then(|()| admitted())
        .expect("they run");
    limited().await.expect("it runs");
    waiting().await.expect("it runs");
    turn_of_limit().await.expect("it runs");
    let mut differences = Vec::new();
    let cases = cases(".", "toml");
    assert!(cases.len() > 80, "{} cases", cases.len());
    for case in cases {
        let text = fs::read_to_string(faults().join(format!("{case}.toml"))).expect("readable");
        let Err(errors) = turn.apply(&text) else {
            panic!("{case} is accepted")
        };
        differences.extend(golden(&case, &errors.to_string()).err());
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let applied = turn.set("[retry.kept]\nmax_retries = 7");
    assert_eq!(applied.changes, [], "the configuration is the one before");
}

/// The value of an option as a file has it, or `None` for an option that a file does not have.
fn in_file(option: &str) -> Option<String> {
    let (name, value) = option.split_once(" = ")?;
    let value = value.trim();
    let is_plain = value.parse::<f64>().is_ok() || matches!(value, "true" | "false");
    let is_quoted = value.starts_with('"');
    let is_constant = value.chars().any(char::is_lowercase)
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    match () {
        () if is_plain || is_quoted => Some(format!("{name} = {value}")),
        () if is_constant => Some(format!("{name} = \"{value}\"")),
        () => None,
    }
}

/// Without quotation marks, which a value has in a file and not in an attribute.
fn plain(text: &str) -> String {
    text.replace('"', "")
}

/// The words in another order. Three options that exclude each other are named in the order in
/// which they are written, and a file has no order.
fn sorted_words(text: &str) -> Vec<&str> {
    let mut words: Vec<_> = text.split([' ', ';', ':']).collect();
    words.sort_unstable();
    words
}

#[test]
fn the_words_are_those_of_the_compile_errors() {
    let turn = Turn::begin();
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui");
    let mistakes = [
        "zero",
        "negative",
        "text",
        "too_large",
        "above_one",
        "percent",
        "below_one",
        "unknown_unit",
        "misspelt",
        "unknown",
        "contradiction",
    ];
    let mut compared = 0;
    for policy in [
        "retry",
        "circuit_breaker",
        "timeout",
        "bulkhead",
        "rate_limit",
        "hedge",
        "fallback",
    ] {
        for mistake in mistakes {
            let Ok(files) = fs::read_dir(ui.join(policy).join(mistake)) else {
                continue;
            };
            for file in files {
                let path = file.expect("readable").path();
                if path.extension().is_some_and(|extension| extension == "rs") {
                    compared += usize::from(compare(&turn, policy, &path));
                }
            }
        }
    }
    assert!(compared >= 40, "{compared} messages were compared");
}

/// Compares the message of a golden with that of a file with the same values. False if a file
/// cannot have them.
fn compare(turn: &Turn, policy: &str, case: &Path) -> bool {
    let source = fs::read_to_string(case).expect("readable");
    let attribute = format!("#[{policy}(");
    let Some((_, rest)) = source.split_once(&attribute) else {
        return false;
    };
    let Some((options, _)) = rest.split_once(")]") else {
        return false;
    };
    let options: Option<Vec<_>> = options.split(", ").map(in_file).collect();
    let Some(options) = options else {
        return false;
    };
    let golden = fs::read_to_string(case.with_extension("stderr")).expect("readable");
    let Some(message) = golden
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("error: "))
    else {
        return false;
    };
    // A word stands in quotation marks in a file.
    if message.contains("without quotes") {
        return false;
    }
    let text = format!("[{policy}.words]\n{}\n", options.join("\n"));
    let Err(errors) = turn.apply(&text) else {
        // A contradiction may need the function, which a file does not have.
        assert!(
            case.components()
                .any(|part| part.as_os_str() == "contradiction"),
            "{text}"
        );
        return false;
    };
    let is_told = errors.faults().iter().any(|fault| {
        plain(&fault.message).starts_with(&plain(message))
            || sorted_words(&fault.message) == sorted_words(message)
    });
    // A file has only some of the options.
    if !is_told
        && (message.contains("has no option") || errors.to_string().contains("has no option"))
    {
        return false;
    }
    assert!(
        is_told,
        "{}\nsays: {message}\nand the file:\n{errors}",
        case.display()
    );
    true
}
