//! The store may be slow, stopped, killed, cut off, full, emptied or behind.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{CircuitBreaker, CircuitState, Command, TransitionReason};
use resilience_fleet::Fleet;
use resilience_fleet_tests::{proxy::Proxy, server::Server};

use crate::replicas::{
    CONFIG, Replica, Shared, behind_proxy, degraded_events, join_all, ordered, settle, started,
    status_of, until, until_all,
};

/// Opens, probes and closes by its own decisions, as without a fleet.
async fn works_alone(replica: &Replica) {
    replica.trip();
    assert_eq!(replica.reason(), Some(TransitionReason::Failures));
    until("it probes", async || match replica.circuit.acquire() {
        Ok(permit) => {
            permit.success();
            replica.is(CircuitState::Closed)
        }
        Err(_) => false,
    })
    .await;
}

#[tokio::test]
async fn without_the_store_a_circuit_works_as_without_a_fleet() {
    let told = degraded_events("alone");
    let Some(mut server) = Server::start() else {
        return;
    };
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::builder(server.address()).namespace("alone");
    let fleet = started(builder.share_circuit(&circuit)).await;
    let replica = Replica { circuit, fleet };
    server.kill();
    until("the fleet is degraded", async || {
        replica.fleet.is_degraded()
    })
    .await;
    works_alone(&replica).await;
    server.restart();
    // The event comes after the state.
    until("it is told that it is restored", async || {
        told.lock().expect("no panic").len() > 1
    })
    .await;
    assert!(!replica.fleet.is_degraded());
    let told = told.lock().expect("no panic").clone();
    assert_eq!(told, ["degraded connection", "restored"]);
}

#[tokio::test]
async fn the_store_in_memory_is_lost_and_found_as_well() {
    let store = resilience_fleet::store::MemoryStore::new();
    let shared = Shared::Memory(store.clone());
    let replicas = shared.replicas(2).await;
    store.cut(true);
    until("both are degraded", async || {
        replicas.iter().all(|it| it.fleet.is_degraded())
    })
    .await;
    works_alone(&replicas[0]).await;
    store.cut(false);
    until("both are restored", async || {
        replicas.iter().all(|it| !it.fleet.is_degraded())
    })
    .await;
}

/// Calls a closed and an open circuit until it ends, and returns the slowest call and their number.
fn load(circuits: Vec<CircuitBreaker>) -> impl FnOnce() -> (Duration, u64) {
    let ends = Arc::new(AtomicBool::new(false));
    let (slowest, calls) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let thread = {
        let (ends, slowest, calls) = (Arc::clone(&ends), Arc::clone(&slowest), Arc::clone(&calls));
        thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                for circuit in &circuits {
                    let begun = Instant::now();
                    if let Ok(permit) = circuit.acquire() {
                        permit.success();
                    }
                    let took = u64::try_from(begun.elapsed().as_micros()).expect("short");
                    slowest.fetch_max(took, Ordering::Relaxed);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_micros(200));
            }
        })
    };
    move || {
        ends.store(true, Ordering::Relaxed);
        thread.join().expect("no panic");
        let slowest = Duration::from_micros(slowest.load(Ordering::Relaxed));
        (slowest, calls.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn no_call_waits_while_the_server_is_stopped() {
    let Some(server) = Server::start() else {
        return;
    };
    let replicas = join_all(2, CONFIG, || Fleet::builder(server.address())).await;
    let closed = CircuitBreaker::new("closed", CONFIG);
    let fleet = Fleet::builder(server.address())
        .namespace("other")
        .share_circuit(&closed);
    let other = started(fleet).await;
    replicas[0].trip();
    replicas[1].trip();
    let end = load(vec![closed, replicas[0].circuit.clone()]);
    server.signal("STOP");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let is_degraded = other.is_degraded() && replicas[0].fleet.is_degraded();
    server.signal("CONT");
    let (slowest, calls) = end();
    assert!(is_degraded);
    // Only a would-be prober waits, for 50 ms; ten times that is asserted.
    assert!(
        slowest < Duration::from_millis(500),
        "{slowest:?} of {calls} calls"
    );
    until("all are restored", async || {
        !other.is_degraded() && replicas.iter().all(|it| !it.fleet.is_degraded())
    })
    .await;
}

#[tokio::test]
async fn a_replica_with_only_its_own_network_broken_opens_only_itself() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port);
    let bad = Replica::join(Fleet::builder(proxy.address()), 0, CONFIG).await;
    let mut good = Vec::new();
    for at in 1..3 {
        good.push(Replica::join(Fleet::builder(server.address()), at, CONFIG).await);
    }
    proxy.stall(true);
    bad.trip();
    until("it is degraded", async || bad.fleet.is_degraded()).await;
    assert!(
        good.iter()
            .all(|it| it.is(CircuitState::Closed) && !it.fleet.is_degraded())
    );
    proxy.stall(false);
    proxy.cut(false);
    until("it is restored", async || !bad.fleet.is_degraded()).await;
    assert!(good.iter().all(|it| it.is(CircuitState::Closed)));
}

#[tokio::test]
async fn a_vote_that_could_not_be_sent_is_sent_when_the_store_is_there_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let proxy = Proxy::start(server.port);
    let cut_off = Replica::join(Fleet::builder(proxy.address()), 0, config).await;
    let other = Replica::join(Fleet::builder(server.address()), 1, config).await;
    let third = Replica::join(Fleet::builder(server.address()), 2, config).await;
    proxy.cut(true);
    until("it is degraded", async || cut_off.fleet.is_degraded()).await;
    cut_off.trip();
    other.trip();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(third.is(CircuitState::Closed), "one vote");
    proxy.cut(false);
    until("the third one opens", async || third.is(CircuitState::Open)).await;
}

#[tokio::test]
async fn after_flushall_open_replicas_stay_open_and_write_the_state_again() {
    for store in Shared::all() {
        let config = CONFIG.recovery_timeout(Duration::from_secs(60));
        let replicas = join_all(2, config, || store.builder()).await;
        replicas[0].trip();
        replicas[1].trip();
        let is_open = async |replica: &Replica| {
            let status = replica.fleet.status().await;
            status.is_ok_and(|status| status.circuits[0].state == CircuitState::Open)
        };
        until("the fleet opens", async || is_open(&replicas[0]).await).await;
        match &store {
            Shared::Redis(server) => drop(server.command(&["FLUSHALL"])),
            Shared::Memory(store) => store.clear(),
        }
        until("the state is written again", async || {
            is_open(&replicas[0]).await
        })
        .await;
        assert!(
            replicas
                .iter()
                .all(|replica| replica.is(CircuitState::Open))
        );
        let late = Replica::join(store.builder(), 9, config).await;
        until("a late one adopts it", async || late.is(CircuitState::Open)).await;
        assert_eq!(late.reason(), Some(TransitionReason::Fleet));
    }
}

#[tokio::test]
async fn a_command_that_the_store_lost_is_written_again() {
    for store in Shared::all() {
        let replicas = store.replicas(2).await;
        ordered(async || {
            replicas[0]
                .fleet
                .isolate("jira", Command::new("broken").by("ana"))
                .await
        })
        .await;
        until_all(&replicas, CircuitState::Open).await;
        match &store {
            Shared::Redis(server) => drop(server.command(&["FLUSHALL"])),
            Shared::Memory(store) => store.clear(),
        }
        until("the command is back", async || {
            let status = replicas[1].fleet.status().await;
            status.is_ok_and(|status| status.circuits[0].isolated)
        })
        .await;
        assert!(
            replicas
                .iter()
                .all(|replica| replica.circuit.stats().isolated)
        );
    }
}

#[tokio::test]
async fn a_failover_that_lost_the_latest_write_is_healed() {
    let Some(server) = Server::start() else {
        return;
    };
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let replicas = join_all(2, config, || Fleet::builder(server.address())).await;
    replicas[0].trip();
    replicas[1].trip();
    until("the fleet opens", async || {
        status_of(&replicas[0].fleet).await.circuits[0].state == CircuitState::Open
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    // The new master has the record of before the opening.
    let record = "{test:jira}:1:record";
    server.command(&["HSET", record, "generation", "0"]);
    server.command(&["HDEL", record, "state", "until"]);
    until("the state is written again", async || {
        server.command(&["HGET", record, "state"]).contains("open")
    })
    .await;
    assert!(
        replicas
            .iter()
            .all(|replica| replica.is(CircuitState::Open))
    );
}

#[tokio::test]
async fn a_stale_open_is_not_adopted() {
    let Some(server) = Server::start() else {
        return;
    };
    let first = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    ordered(async || first.fleet.trip("jira", Command::new("once")).await).await;
    drop(first);
    // The open time is over for longer than one recovery.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let late = Replica::join(Fleet::builder(server.address()), 1, CONFIG).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(late.is(CircuitState::Closed), "{}", late.circuit.state());
}

#[tokio::test]
async fn a_server_that_is_full_or_loses_its_scripts_is_survived() {
    let Some(server) = Server::start() else {
        return;
    };
    let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    server.command(&["SCRIPT", "FLUSH"]);
    ordered(async || replica.fleet.reset("jira", Command::new("scripts")).await).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    // The server lets a script go on that has begun to write, so a command may succeed even now.
    // The fleet may also have met the full server, or a busy machine, before the command.
    let full = replica.fleet.reset("jira", Command::new("full")).await;
    if let Err(full) = full {
        let text = full.to_string();
        let causes = ["full", "50 ms", "the store of the fleet cannot be reached"];
        assert!(causes.iter().any(|cause| text.contains(cause)), "{text}");
    }
    works_alone(&replica).await;
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    until("it is restored", async || !replica.fleet.is_degraded()).await;
}

/// The first request of each poll succeeds, so that no three requests in a row fail.
#[tokio::test]
async fn a_key_that_cannot_be_read_makes_no_loop_of_requests() {
    for part in ["record", "votes", "leases"] {
        let Some(server) = Server::start() else {
            return;
        };
        let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
        let key = format!("{{test:jira}}:1:{part}");
        server.command(&["SET", &key, "of another kind"]);
        let before = server.scripts_run();
        replica.trip();
        until("it is degraded", async || replica.fleet.is_degraded()).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let run = server.scripts_run() - before;
        println!("{run} requests in 3 s with broken {part}");
        // Three polls, and then about six attempts to connect.
        assert!(run <= 150, "{run} requests with broken {part}");
        server.command(&["DEL", &key]);
        until("it is restored", async || !replica.fleet.is_degraded()).await;
    }
}

/// The server refuses the sign of life, and answers the reads of each poll.
#[tokio::test]
async fn a_full_server_makes_no_loop_of_requests() {
    let Some(server) = Server::start() else {
        return;
    };
    let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let before = server.scripts_run();
    // A sign of life comes every 10 s.
    until("it is degraded", async || replica.fleet.is_degraded()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let run = server.scripts_run() - before;
    println!("{run} requests of a full server");
    assert!(run <= 150, "{run} requests");
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    until("it is restored", async || !replica.fleet.is_degraded()).await;
}

#[tokio::test]
async fn a_slow_store_is_given_up_and_found_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let (proxy, replicas) = behind_proxy(&server, 1).await;
    proxy.delay(Duration::from_millis(300));
    until("it is degraded", async || replicas[0].fleet.is_degraded()).await;
    works_alone(&replicas[0]).await;
    proxy.delay(Duration::ZERO);
    until("it is restored", async || !replicas[0].fleet.is_degraded()).await;
}

#[tokio::test]
async fn a_half_open_connection_is_given_up_and_what_arrived_by_it_counts() {
    let Some(server) = Server::start() else {
        return;
    };
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let proxy = Proxy::start(server.port);
    let half = Replica::join(Fleet::builder(proxy.address()), 0, config).await;
    let others = [
        Replica::join(Fleet::builder(server.address()), 1, config).await,
        Replica::join(Fleet::builder(server.address()), 2, config).await,
    ];
    settle(&others).await;
    proxy.mute(true);
    half.trip();
    until("it is degraded", async || half.fleet.is_degraded()).await;
    let votes = async || status_of(&others[0].fleet).await.circuits[0].votes;
    until("its vote has arrived", async || votes().await == 1).await;
    proxy.mute(false);
    until("it is restored", async || !half.fleet.is_degraded()).await;
    others[0].trip();
    until("the third one opens", async || {
        others[1].is(CircuitState::Open)
    })
    .await;
}

#[tokio::test]
async fn a_dropped_fleet_leaves_no_connection_and_no_name() {
    let Some(server) = Server::start() else {
        return;
    };
    let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    let clients = || server.command(&["CLIENT", "LIST"]).matches("addr=").count();
    // The list has the one who asks.
    let with_fleet = clients();
    drop(replica.fleet);
    until("the connection ends", async || clients() < with_fleet).await;
    assert!(
        server
            .command(&["HLEN", "{test}:1:members"])
            .starts_with(":0")
    );
    assert!(!replica.circuit.is_coordinated());
    replica.circuit.acquire().expect("closed").success();
}

#[tokio::test]
async fn a_hundred_replicas_reconnect_at_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut replicas = Vec::new();
    for at in 0..100 {
        replicas.push(Replica::join(Fleet::builder(server.address()), at, CONFIG).await);
    }
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    until("all are connected", async || {
        replicas.iter().all(|it| !it.fleet.is_degraded())
    })
    .await;
    ordered(async || {
        replicas[0]
            .fleet
            .isolate("jira", Command::new("all hear it"))
            .await
    })
    .await;
    until_all(&replicas, CircuitState::Open).await;
}

#[tokio::test]
async fn a_thousand_circuits_are_shared_and_read_again_after_a_reconnect() {
    let Some(server) = Server::start() else {
        return;
    };
    let circuits: Vec<_> = (0..1_000)
        .map(|at| CircuitBreaker::new(format!("circuit-{at}"), CONFIG))
        .collect();
    let mut fleets = Vec::new();
    for replica in ["one", "two"] {
        let mut builder = Fleet::builder(server.address())
            .namespace("many")
            .replica(replica);
        for circuit in &circuits {
            builder = builder.share_circuit(circuit);
        }
        fleets.push(started(builder).await);
    }
    // Without optimization the first reading of so many takes longer than the limit of a request.
    until("the command is taken", async || {
        let command = Command::new("the last one");
        fleets[0].isolate("circuit-999", command).await.is_ok()
    })
    .await;
    until("the last one obeys", async || {
        circuits[999].stats().isolated
    })
    .await;
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    until("both are connected", async || {
        fleets.iter().all(|fleet| !fleet.is_degraded())
    })
    .await;
    until("the status has all", async || {
        fleets[1]
            .status()
            .await
            .is_ok_and(|status| status.circuits.len() == 1_000)
    })
    .await;
}
