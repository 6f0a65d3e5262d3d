//! Names and error texts that come from outside: of any length and content, and far too many of
//! them.

use std::{
    cell::Cell,
    fmt::{self, Write},
    fs, io,
    sync::{Arc, Mutex},
};

use resilience::{CircuitBreakerConfig, CircuitState, circuit_breaker, registry, retry};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use crate::alone::is_alone;

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

/// Writes each event as one line of text, as the usual subscribers do.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resilience"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn logged(act: impl FnOnce()) -> Vec<String> {
    let lines = Lines::default();
    with_default(lines.clone(), act);
    let lines = lines.0.lock().unwrap();
    lines.clone()
}

/// Returns the memory of this process, if the system tells.
fn resident_megabytes() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096 / 1_000_000)
}

#[test]
fn names_of_any_content_are_names() {
    if !is_alone(names_of_any_content_are_names) {
        return;
    }
    let long = "x".repeat(1_000_000);
    let names = [
        "",
        " ",
        "\0",
        "a\nb",
        "\u{202e}evil",
        "日本語 🦀",
        "`'\"{}%s\\",
        "../../etc/passwd",
        "\x1b[2J",
        &long,
    ];
    for name in names {
        let lines = logged(|| {
            let circuit = registry::get_or_register(name.to_owned(), CONFIG);
            circuit.trip();
            let text = circuit.acquire().unwrap_err().to_string();
            assert!(!text.contains(char::is_control), "{text:?}");
        });
        assert_eq!(lines.len(), 2, "the command and the change");
        for line in &lines {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        let stats = registry::stats(name).expect("found by the same name");
        assert_eq!(
            (stats.name.as_str(), stats.state),
            (name, CircuitState::Open)
        );
        assert_eq!(registry::all_stats()[name].opened, 1);
    }
}

#[retry(max_retries = 1, base_delay = 0s)]
#[circuit_breaker(name = "reliability::forged", failure_threshold = 2, error = |open| open.to_string())]
fn fails(text: &str) -> Result<(), String> {
    Err(text.to_owned())
}

#[test]
fn an_error_from_outside_cannot_forge_a_line_in_the_log() {
    if !is_alone(an_error_from_outside_cannot_forge_a_line_in_the_log) {
        return;
    }
    let text = "down\n2026-01-01 INFO all is well\r\x1b[2J\u{85}\u{2028}";
    let lines = logged(|| {
        assert_eq!(
            fails(text),
            Err(text.to_owned()),
            "the caller gets it as it is"
        );
    });
    assert!(
        lines.iter().any(|line| line.contains(r"down\n2026")),
        "{lines:?}"
    );
    for line in lines {
        assert!(
            !line.contains(|c: char| c.is_control() || c == '\u{2028}'),
            "{line:?}"
        );
    }
}

/// Unoptimised, a fifth of them takes as long and shows the same.
const NAMES: u64 = if cfg!(debug_assertions) {
    200_000
} else {
    1_000_000
};

#[test]
fn a_million_names_by_mistake_are_one_error_and_no_leak() {
    if !is_alone(a_million_names_by_mistake_are_one_error_and_no_leak) {
        return;
    }
    let before = resident_megabytes();
    let lines = logged(|| {
        for number in 0..NAMES {
            let circuit = registry::get_or_register(format!("reliability::user-{number}"), CONFIG);
            circuit
                .acquire()
                .expect("in the registry or beyond its bound, it works")
                .success();
        }
    });
    let [line] = &lines[..] else {
        panic!("one event, not {}", lines.len())
    };
    assert!(
        line.starts_with("ERROR") && line.contains("the registry is full"),
        "{line}"
    );
    assert!(
        line.contains(file!()),
        "it says where the names come from: {line}"
    );

    let registered = registry::all_stats().len();
    // Constant names are registered whatever there is.
    assert!((10_000..10_100).contains(&registered), "{registered}");
    let constant = registry::get_or_register("reliability::constant", CONFIG);
    constant.trip();
    assert_eq!(
        registry::stats("reliability::constant").map(|stats| stats.opened),
        Some(1)
    );

    if let (Some(before), Some(after)) = (before, resident_megabytes()) {
        let grown = after.saturating_sub(before);
        // All of them kept would be 600 bytes each.
        assert!(grown < 60, "{grown} MB more than before");
    }
}

#[test]
fn beyond_the_bound_a_circuit_remembered_no_failure_and_protected_nobody() {
    if !is_alone(beyond_the_bound_a_circuit_remembered_no_failure_and_protected_nobody) {
        return;
    }
    for number in 0..10_000 {
        registry::get_or_register(format!("reliability::tenant-{number}"), CONFIG);
    }
    let calls = Cell::new(0);
    for _ in 0..1_000 {
        let breaker = registry::get_or_register(String::from("payments.internal"), CONFIG);
        let outcome = breaker.call(|| {
            calls.set(calls.get() + 1);
            Err::<(), _>(io::Error::other("down"))
        });
        assert!(outcome.is_err());
    }
    assert_eq!(calls.get(), 5, "the circuit is open from then on");
    assert!(registry::get("payments.internal").is_none());
    let (name, stats) = registry::all_stats()
        .into_iter()
        .find(|(_, stats)| stats.state == CircuitState::Open)
        .expect("an overflow circuit");
    assert!(name.starts_with("registry overflow "), "{name}");
    assert_eq!((stats.failures, stats.refused), (5, 995));

    // A name that is removed makes room.
    assert!(registry::remove("reliability::tenant-0").is_some());
    assert!(registry::remove(&name).is_some());
    let breaker = registry::get_or_register(String::from("payments.internal"), CONFIG);
    assert_eq!(breaker.name(), "payments.internal");
}
