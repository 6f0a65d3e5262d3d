//! Operators see in each process what its fleet knows of a circuit, and give all processes a
//! command there.

use std::{io, time::SystemTime};

use resilience::{
    CircuitBreaker, CircuitBreakerFamily, CircuitState, Command, events::CommandAction, fleet,
    fleet::FleetView, registry,
};
use resilience_fleet::{Fleet, store::MemoryStore};

use crate::replicas::{CONFIG, Shared, ordered, started, until, until_all};

fn view(circuit: &CircuitBreaker) -> FleetView {
    circuit.stats().fleet.expect("the circuit has a fleet")
}

#[tokio::test]
async fn the_statistics_show_votes_probers_and_the_open_time_of_the_fleet() {
    for shared in Shared::all() {
        let replicas = shared.replicas(3).await;
        for replica in &replicas {
            until("the number of replicas is shown", async || {
                let view = view(&replica.circuit);
                let shown = (&*view.name, view.replicas, view.is_degraded);
                shown == ("test", 3, false)
            })
            .await;
        }
        replicas[0].trip();
        until("a vote is shown", async || {
            view(&replicas[1].circuit).votes == 1
        })
        .await;
        let doubted = view(&replicas[1].circuit);
        assert_eq!((doubted.min_votes, doubted.share), (2, 0.5));
        assert_eq!(doubted.open_until, None);
        replicas[1].trip();
        until_all(&replicas, CircuitState::Open).await;
        until("the open time is shown", async || {
            let until = view(&replicas[2].circuit).open_until;
            until.is_some_and(|until| until > SystemTime::now())
                || replicas[2].is(CircuitState::HalfOpen)
        })
        .await;
        until("the prober is shown", async || {
            let Ok(probe) = replicas[2].circuit.acquire_async().await else {
                return false;
            };
            let view = view(&replicas[2].circuit);
            let is_shown = view.probers == ["r2"] && view.open_until.is_none();
            probe.ignore();
            is_shown
        })
        .await;
    }
}

#[tokio::test]
async fn a_lost_store_is_shown() {
    let store = MemoryStore::new();
    let replicas = Shared::Memory(store.clone()).replicas(1).await;
    store.cut(true);
    until("the store is lost", async || {
        view(&replicas[0].circuit).is_degraded
    })
    .await;
    store.cut(false);
    until("the store is there", async || {
        !view(&replicas[0].circuit).is_degraded
    })
    .await;
    let circuit = replicas[0].circuit.clone();
    drop(replicas);
    until("the circuit is alone", async || {
        circuit.stats().fleet.is_none()
    })
    .await;
}

#[tokio::test]
async fn a_command_in_one_process_reaches_all_of_its_fleet() {
    let store = MemoryStore::new();
    let circuit = registry::get_or_register("fleet_view_command", CONFIG);
    let join = |replica: &str| {
        let builder = Fleet::with_store(store.clone()).replica(replica);
        builder.share(["fleet_view_command"])
    };
    let fleet = join("one").start().await.expect("the store is there");
    let give = |name: &str| {
        let command = Command::new("maintenance").by("ana");
        fleet::give_command(name, CommandAction::Isolate, &command)
    };
    assert!(give("fleet_view_not_shared").is_none());
    give("fleet_view_command")
        .expect("the name is shared")
        .await
        .expect("the store is there");
    let shown = fleet.status().await.expect("the store is there");
    let command = shown.circuits[0].command.clone().expect("it holds");
    assert_eq!(
        (&*command.reason, command.by.as_deref()),
        ("maintenance", Some("ana"))
    );
    until("it obeys", async || circuit.stats().isolated).await;
    store.cut(true);
    until("the store is lost", async || fleet.is_degraded()).await;
    let error = give("fleet_view_command").expect("shared").await;
    let error = io::Error::other(error.expect_err("nobody can obey"));
    assert_eq!(
        error.to_string(),
        "the store of the fleet cannot be reached"
    );
}

#[tokio::test]
async fn a_family_outside_of_the_registry_is_shared_by_its_handle_and_each_key_by_itself() {
    for shared in Shared::all() {
        let families = ["one", "two"].map(|_| CircuitBreakerFamily::new("family", CONFIG));
        let early = families.each_ref().map(|family| family.circuit("early"));
        let mut fleets = Vec::new();
        for (name, family) in ["one", "two"].into_iter().zip(&families) {
            let builder = shared.builder().namespace("family").replica(name);
            fleets.push(started(builder.share_family(family)).await);
        }
        let late = families.each_ref().map(|family| family.circuit("late"));
        for circuits in [&early, &late] {
            until("both replicas are known", async || {
                circuits.iter().all(|circuit| view(circuit).replicas == 2)
            })
            .await;
        }
        for circuit in &late {
            while let Ok(permit) = circuit.acquire() {
                permit.failure();
            }
        }
        until("the fleet has opened the key", async || {
            let mut opened = late.iter().map(|circuit| view(circuit).open_until);
            opened.all(|until| until.is_some()) || late[0].state() == CircuitState::HalfOpen
        })
        .await;
        assert!(
            early
                .iter()
                .all(|circuit| circuit.state() == CircuitState::Closed)
        );
        let command = Command::new("all keys");
        ordered(async || fleets[0].isolate("family", command.clone()).await).await;
        until("all keys of both obey", async || {
            early
                .iter()
                .chain(&late)
                .all(|circuit| circuit.stats().isolated)
        })
        .await;
    }
}
