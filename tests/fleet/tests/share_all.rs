//! `share_all` shares the whole registry of a process, so that its test has a process of its own.

use std::time::{Duration, Instant};

use resilience::{CircuitBreakerConfig, Command, registry};
use resilience_fleet::{Fleet, store::MemoryStore};

async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The names and keys of the circuits that the fleet shares.
async fn shared(fleet: &Fleet) -> Vec<(String, Option<String>)> {
    let status = fleet.status().await.expect("a store in memory");
    let circuits = status.circuits.into_iter();
    circuits
        .map(|circuit| (circuit.name, circuit.key))
        .collect()
}

fn named(name: &str, key: Option<&str>) -> (String, Option<String>) {
    (name.to_owned(), key.map(str::to_owned))
}

#[tokio::test]
async fn all_circuits_of_the_registry_are_shared_those_that_come_later_too() {
    let config = CircuitBreakerConfig::new();
    registry::get_or_register("early", config);
    let store = MemoryStore::new();
    let fleet = Fleet::with_store(store).share_all().start().await;
    let fleet = fleet.expect("a store in memory");
    until("the early one is shared", async || {
        shared(&fleet).await == [named("early", None)]
    })
    .await;
    let late = registry::get_or_register("late", config);
    let hosts = registry::get_or_register_family("hosts", config);
    hosts.acquire("a.example").expect("closed").success();
    until("all are shared", async || {
        let expected = [
            named("early", None),
            named("hosts", None),
            named("hosts", Some("a.example")),
            named("late", None),
        ];
        shared(&fleet).await == expected
    })
    .await;
    let command = Command::new("maintenance");
    fleet.isolate("late", command).await.expect("a command");
    until("it obeys", async || late.stats().isolated).await;
    registry::remove("early");
    until("it is shared no more", async || {
        !shared(&fleet).await.contains(&named("early", None))
    })
    .await;

    // The circuits decide alone again when the handle is dropped.
    assert!(late.is_coordinated());
    drop(fleet);
    until("it is let go", async || !late.is_coordinated()).await;
    registry::get_or_register("later", config);
    assert!(late.stats().isolated, "a command stays");
}
