//! Another server takes over, or the network splits the fleet.

use std::time::Duration;

use resilience::{CircuitBreaker, CircuitState, Command, TransitionReason};
use resilience_fleet::{Fleet, FleetErrorKind, store::StoreErrorKind};
use resilience_fleet_tests::{server::Server, tap::Tap};

use crate::replicas::{CONFIG, Replica, ordered, settle, status_of, until, until_all};

/// A master, and a replica of it that has all of its data.
pub(crate) async fn two_servers() -> Option<(Server, Server)> {
    let (master, other) = (Server::start()?, Server::start()?);
    follow(&other, &master);
    until("the replica has the data", async || {
        other
            .command(&["INFO", "replication"])
            .contains("master_link_status:up")
    })
    .await;
    Some((master, other))
}

fn follow(server: &Server, master: &Server) {
    let port = master.port.to_string();
    let answer = server.command(&["REPLICAOF", "127.0.0.1", &port]);
    assert!(answer.starts_with("+OK"), "{answer}");
}

async fn behind(server: &Server, number: usize, first: usize) -> (Tap, Vec<Replica>) {
    let tap = Tap::start(server.port, None, |_| {});
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let mut replicas = Vec::new();
    for at in first..first + number {
        replicas.push(Replica::join(Fleet::builder(tap.address()), at, config).await);
    }
    (tap, replicas)
}

async fn state(replica: &Replica) -> Option<CircuitState> {
    let status = replica.fleet.status().await.ok()?;
    Some(status.circuits[0].state)
}

#[tokio::test]
async fn a_failover_that_loses_the_opening_is_healed_by_those_who_saw_it() {
    let Some((mut master, other)) = two_servers().await else {
        return;
    };
    let (tap, replicas) = behind(&master, 3, 0).await;
    settle(&replicas).await;
    // The master's last writes do not reach the other server.
    other.command(&["REPLICAOF", "NO", "ONE"]);
    replicas[0].trip();
    replicas[1].trip();
    until_all(&replicas, CircuitState::Open).await;
    master.kill();
    tap.lead_to(other.port);
    until("the state is written again", async || {
        state(&replicas[2]).await == Some(CircuitState::Open)
    })
    .await;
    until_all(&replicas, CircuitState::Open).await;
    assert!(replicas.iter().all(|it| it.circuit.stats().closed == 0));
}

#[tokio::test]
async fn a_server_that_takes_no_writes_degrades_the_fleet_until_it_does() {
    let Some((master, other)) = two_servers().await else {
        return;
    };
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let started = Fleet::builder(other.address())
        .share_circuit(&circuit)
        .start()
        .await;
    let error = started.expect_err("it takes no writes");
    let kind = FleetErrorKind::Store(StoreErrorKind::NotWritable);
    assert_eq!(error.kind(), kind, "{error}");
    let (tap, replicas) = behind(&master, 1, 0).await;
    let replica = &replicas[0];
    tap.lead_to(other.port);
    until("it is degraded", async || replica.fleet.is_degraded()).await;
    replica.trip();
    assert_eq!(replica.reason(), Some(TransitionReason::Failures));
    other.command(&["REPLICAOF", "NO", "ONE"]);
    until("it is restored", async || !replica.fleet.is_degraded()).await;
}

#[tokio::test]
async fn a_split_brain_is_two_fleets_that_become_one_again() {
    let (Some(one), Some(two)) = (Server::start(), Server::start()) else {
        return;
    };
    let (_tap, ours) = behind(&one, 2, 0).await;
    let (theirs_tap, theirs) = behind(&one, 2, 2).await;
    settle(&ours).await;
    settle(&theirs).await;
    theirs_tap.lead_to(two.port);
    until("each half knows itself", async || {
        let status = theirs[0].fleet.status().await;
        status.is_ok_and(|it| it.replicas == ["r2", "r3"])
    })
    .await;
    theirs[0].trip();
    theirs[1].trip();
    until("their half opens", async || {
        state(&theirs[0]).await == Some(CircuitState::Open)
    })
    .await;
    ordered(async || {
        ours[0]
            .fleet
            .isolate("jira", Command::new("our half"))
            .await
    })
    .await;
    until("our half obeys", async || {
        ours.iter().all(|it| it.circuit.stats().isolated)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(theirs.iter().all(|it| !it.circuit.stats().isolated));
    theirs_tap.lead_to(one.port);
    until("the whole fleet obeys", async || {
        theirs.iter().all(|it| it.circuit.stats().isolated)
    })
    .await;
    let status = status_of(&ours[0].fleet).await;
    assert_eq!(status.replicas, ["r0", "r1", "r2", "r3"]);
}
