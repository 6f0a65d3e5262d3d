//! The metrics of a fleet equal what happened, and the dashboard, the rules and the guide name
//! those that exist.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, Command};
use resilience_fleet::{Fleet, store::MemoryStore};

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1)
    .recovery_timeout(Duration::from_millis(300));

/// The value of a series of the fleet with that namespace.
fn value(recorder: &PrometheusHandle, series: &str) -> Option<f64> {
    let text = recorder.render();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.and_then(|rest| rest.trim().parse().ok())
}

async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The names of metrics of the fleet in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let of_name = |c: char| !(c.is_ascii_lowercase() || c == '_');
    let words = text.split(of_name);
    words
        .filter(|word| word.starts_with("resilience_fleet_"))
        .collect()
}

/// The metrics that exist, with their kinds.
fn existing(recorder: &PrometheusHandle) -> BTreeSet<(String, String)> {
    let text = recorder.render();
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let pairs = kinds.filter_map(|line| line.split_once(' '));
    let of_fleet = pairs.filter(|(name, _)| name.starts_with("resilience_fleet_"));
    of_fleet
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

fn assert_documents_name_what_exists(recorder: &PrometheusHandle) {
    let existing = existing(recorder);
    let existing: BTreeSet<_> = existing.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(existing.len(), 6, "{existing:?}");
    let repository = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let read = |document: &str| fs::read_to_string(repository.join(document)).expect("a document");
    let documents = [
        "docs/grafana.json",
        "docs/alerts.yml",
        "resilience-runtime/src/guide/alerts.md",
        "resilience-fleet/src/metrics.md",
    ];
    for document in documents {
        let text = read(document);
        let named = names(&text);
        assert!(!named.is_empty(), "{document} names no metric of a fleet");
        for name in named {
            // A histogram has these series.
            let name = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name);
            assert!(existing.contains(name), "{document} names {name}");
        }
    }
    let catalogue = read("resilience-fleet/src/metrics.md");
    assert_eq!(names(&catalogue), existing, "the catalogue has all of them");
    let panels = read("docs/grafana.json");
    let shown = |name: &&str| names(&panels).iter().any(|shown| shown.starts_with(*name));
    let hidden: Vec<_> = existing.iter().filter(|name| !shown(name)).collect();
    assert!(hidden.is_empty(), "no panel shows {hidden:?}");
}

async fn join(store: &MemoryStore, replica: &str) -> (CircuitBreaker, Fleet) {
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::with_store(store.clone()).namespace("shop");
    let fleet = builder.replica(replica).share_circuit(&circuit).start();
    (circuit, fleet.await.expect("the store is there"))
}

#[tokio::test]
async fn metrics_equal_what_happened() {
    let recorder = PrometheusBuilder::new()
        .install_recorder()
        .expect("the only recorder");
    let store = MemoryStore::new();
    let (circuit, fleet) = join(&store, "one").await;
    let of = |series: &str| value(&recorder, series);
    let degraded = r#"resilience_fleet_degraded{fleet="shop"}"#;
    let votes = r#"resilience_fleet_votes_total{fleet="shop"}"#;
    let dropped = r#"resilience_fleet_dropped_writes_total{fleet="shop"}"#;
    let leases = |outcome: &str| {
        format!(r#"resilience_fleet_leases_total{{fleet="shop",outcome="{outcome}"}}"#)
    };
    let lags = r#"resilience_fleet_push_lag_seconds_count{fleet="shop"}"#;
    // All series exist from the start on.
    assert_eq!(of(degraded), Some(0.0), "{}", recorder.render());
    assert_eq!((of(votes), of(dropped)), (Some(0.0), Some(0.0)));
    for outcome in ["granted", "denied", "alone", "unanswered"] {
        assert_eq!(of(&leases(outcome)), Some(0.0), "{outcome}");
    }
    assert_documents_name_what_exists(&recorder);

    let trip = Command::new("x").for_(Duration::from_millis(300));
    fleet.trip("jira", trip).await.expect("a command");
    until("the open time ends", async || {
        circuit.state() == CircuitState::HalfOpen
    })
    .await;
    let held = circuit.acquire_owned().expect("it is granted");
    assert_eq!(of(&leases("granted")), Some(1.0));
    let (other, other_fleet) = join(&store, "two").await;
    until("the other probes", async || {
        other.state() == CircuitState::HalfOpen
    })
    .await;
    assert!(other.acquire().is_err(), "one probe runs");
    assert_eq!(of(&leases("denied")), Some(1.0));
    held.success();
    until("both are closed", async || {
        [&circuit, &other]
            .iter()
            .all(|it| it.state() == CircuitState::Closed)
    })
    .await;
    until("the push is read", async || of(lags) > Some(0.0)).await;
    drop((other, other_fleet));

    circuit.acquire().expect("closed").failure();
    until("the vote is sent", async || of(votes) == Some(1.0)).await;
    until("it would probe", async || {
        circuit.state() == CircuitState::HalfOpen
    })
    .await;
    circuit.acquire().expect("it decides alone").success();
    assert_eq!(of(&leases("alone")), Some(1.0));

    store.cut(true);
    until("it is degraded", async || of(degraded) == Some(1.0)).await;
    store.cut(false);
    until("it is restored", async || of(degraded) == Some(0.0)).await;
    assert_eq!(of(dropped), Some(0.0));
    let kinds: BTreeSet<_> = existing(&recorder);
    let kind = |name: &str| {
        let mut named = kinds.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, kind)| kind.as_str())
    };
    assert_eq!(kind("resilience_fleet_degraded"), Some("gauge"));
    assert_eq!(kind("resilience_fleet_votes_total"), Some("counter"));
}
