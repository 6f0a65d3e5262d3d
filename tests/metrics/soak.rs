//! Calls, commands and updates at the same time; in the end the metrics are the statistics.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, Command, circuit_breaker,
    events::{self, Event, EventKind},
    metrics, registry,
};
use resilience_metrics_tests::Series;

const NAMES: [&str; 3] = ["soak one", "soak two", "soak three"];
const STATES: [&str; 4] = ["closed", "open", "half_open", "isolated"];

#[derive(Debug)]
struct Refused;

impl From<CircuitOpen> for Refused {
    fn from(_: CircuitOpen) -> Self {
        Self
    }
}

#[circuit_breaker(name = "soak keys", key = key, failure_threshold = 2, recovery_timeout = 1ms)]
fn keyed(key: u32, fails: bool) -> Result<(), Refused> {
    if fails { Err(Refused) } else { Ok(()) }
}

#[test]
fn after_a_soak_the_metrics_equal_the_statistics() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    let changes = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    let seen = Arc::clone(&changes);
    let _subscription = events::subscribe(move |event: &Event<'_>| {
        if let EventKind::StateChanged { circuit, .. } = event.kind {
            let mut seen = seen.lock().expect("no listener panics");
            *seen.entry(circuit.to_owned()).or_default() += 1;
        }
    });
    let config = CircuitBreakerConfig::new()
        .failure_threshold(3)
        .recovery_timeout(Duration::from_millis(1));
    soak(
        &NAMES.map(|name| registry::get_or_register(name, config)),
        &series,
    );
    metrics::update();

    let changes = changes.lock().expect("no listener panics");
    for name in NAMES {
        compare(name, &series);
        let transitions = series.names(&format!(
            r#"resilience_circuit_transitions_total{{circuit="{name}""#
        ));
        let sum: u64 = transitions.iter().filter_map(|name| series.get(name)).sum();
        assert_eq!(Some(&sum), changes.get(name), "{name}");
    }
    let family = registry::family("soak keys").expect("it is registered");
    let exported =
        ["success", "failure", "refused"].map(|outcome| calls(&series, "soak keys", outcome));
    let counted = [family.successes, family.failures, family.refused];
    assert_eq!(exported, counted.map(Some));
    assert_eq!(circuits(&series, "soak keys"), Some(5), "five keys");
}

/// Three threads call and command the circuits, and one updates the metrics meanwhile.
fn soak(circuits: &[CircuitBreaker; 3], series: &Series) {
    let ends = AtomicBool::new(false);
    let call = |seed: u32| {
        for at in 0..20_000_u32 {
            let number = at.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 7;
            let circuit = &circuits[number as usize % NAMES.len()];
            match number % 101 {
                0 => circuit.isolate(),
                1..=3 => circuit.reset(),
                4 => circuit.allow_with(Command::new("soak").for_(Duration::from_millis(1))),
                5 => circuit.isolate_with(Command::new("soak").for_(Duration::from_millis(1))),
                6 => circuit.trip_with(Command::new("soak").for_(Duration::from_micros(100))),
                7 => circuit.set_enforced(number % 2 == 0),
                _ => {
                    let outcome = if number % 3 == 0 {
                        Err(Refused)
                    } else {
                        Ok(())
                    };
                    let _ = circuit.call(|| outcome);
                }
            }
            let _ = keyed(number % 5, number % 2 == 0);
        }
    };
    thread::scope(|scope| {
        let updates = scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                metrics::update();
                for name in NAMES {
                    assert_eq!(
                        self::circuits(series, name),
                        Some(1),
                        "{name} is in one state"
                    );
                }
            }
        });
        let callers = [1, 2, 3].map(|seed| scope.spawn(move || call(seed)));
        for caller in callers {
            caller.join().expect("no call panics");
        }
        ends.store(true, Ordering::Relaxed);
        updates.join().expect("each update is right");
    });
}

/// Compares the calls of a circuit with its statistics.
fn compare(name: &str, series: &Series) {
    let stats = registry::stats(name).expect("it is registered");
    let outcomes = [
        "success",
        "failure",
        "ignored",
        "refused",
        "abandoned",
        "late",
    ];
    let counted = [
        stats.successes,
        stats.failures,
        stats.ignored,
        stats.refused,
        stats.abandoned,
        stats.late,
    ];
    let exported = outcomes.map(|outcome| calls(series, name, outcome));
    assert_eq!(exported, counted.map(Some), "{name}");
}

fn calls(series: &Series, name: &str, outcome: &str) -> Option<u64> {
    let labels = format!(r#"{{circuit="{name}",outcome="{outcome}"}}"#);
    series.get(&format!("resilience_circuit_calls_total{labels}"))
}

/// The circuits of a name in all states together.
fn circuits(series: &Series, name: &str) -> Option<u64> {
    let states = STATES.map(|state| {
        let labels = format!(r#"{{circuit="{name}",state="{state}"}}"#);
        series.get(&format!("resilience_circuit_state{labels}"))
    });
    states.into_iter().sum()
}
