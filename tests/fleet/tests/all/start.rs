//! A start that cannot succeed says why.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use resilience::{CircuitBreaker, CircuitState, TransitionReason};
use resilience_fleet::{
    Fleet, FleetBuilder, FleetErrorKind,
    store::{MemoryStore, StoreErrorKind},
};
use resilience_fleet_tests::server::{Server, free_port};

use crate::replicas::{CONFIG, Replica, degraded_events, status_of, until};

async fn fault(builder: FleetBuilder) -> (FleetErrorKind, String) {
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let started = builder.share_circuit(&circuit).start().await;
    let error = started.expect_err("it cannot start");
    (error.kind(), error.to_string())
}

async fn store_fault(builder: FleetBuilder) -> (StoreErrorKind, String) {
    match fault(builder).await {
        (FleetErrorKind::Store(kind), text) => (kind, text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_address_is_an_error() {
    let (kind, text) =
        store_fault(Fleet::builder(format!("redis://127.0.0.1:{}", free_port()))).await;
    assert_eq!(kind, StoreErrorKind::Connection);
    assert!(text.contains("cannot be reached"), "{text}");
    for wrong in [
        "",
        "127.0.0.1",
        "http://127.0.0.1",
        "redis://:secret@",
        "redis://:secret@h:x",
    ] {
        let (kind, text) = store_fault(Fleet::builder(wrong)).await;
        assert_eq!(kind, StoreErrorKind::Address, "{wrong}: {text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let (kind, _) = store_fault(Fleet::cluster(Vec::<String>::new())).await;
    assert_eq!(kind, StoreErrorKind::Address);
}

#[tokio::test]
async fn a_password_that_is_wrong_or_missing_is_an_error() {
    let Some(server) = Server::with(&["--requirepass", "right"]) else {
        return;
    };
    let with =
        |password: &str| Fleet::builder(format!("redis://:{password}@127.0.0.1:{}", server.port));
    let (kind, text) = store_fault(with("wrong-secret")).await;
    assert_eq!(kind, StoreErrorKind::Authentication, "{text}");
    assert!(!text.contains("wrong-secret"), "{text}");
    let (kind, text) = store_fault(Fleet::builder(server.address())).await;
    assert_eq!(kind, StoreErrorKind::Authentication, "{text}");
    let circuit = CircuitBreaker::new("jira", CONFIG);
    assert!(with("right").share_circuit(&circuit).start().await.is_ok());
}

/// A server that gives each request of a connection one answer.
fn answering(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                while client.read(&mut [0; 4_096]).is_ok_and(|length| length > 0) {
                    if answer.is_empty() || client.write_all(answer).is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_server_before_redis_6_is_too_old() {
    let port = answering(b"-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n");
    let (kind, text) = store_fault(Fleet::builder(format!("redis://127.0.0.1:{port}"))).await;
    assert_eq!(kind, StoreErrorKind::TooOld, "{text}");
    assert!(text.contains("Redis 6 or newer"), "{text}");
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_none_is_an_error() {
    // A server with TLS hangs up on a client without it.
    let port = answering(b"");
    let (kind, text) = store_fault(Fleet::builder(format!("redis://127.0.0.1:{port}"))).await;
    assert_eq!(kind, StoreErrorKind::Connection, "{text}");
    assert!(text.contains("TLS"), "{text}");
    let port = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let (_, text) = store_fault(Fleet::builder(format!("redis://127.0.0.1:{port}"))).await;
    assert!(!text.is_empty());
}

#[tokio::test]
async fn names_that_would_break_keys_are_errors() {
    for namespace in ["", "a b", "a:b", "{a}", "a*", "a\n", "ä", &"x".repeat(65)] {
        let (kind, text) = fault(Fleet::builder("redis://127.0.0.1:1").namespace(namespace)).await;
        assert_eq!(kind, FleetErrorKind::Namespace, "{text}");
        assert!(text.contains("like orders-prod"), "{text}");
    }
    for replica in ["", "a b", "a\n", &"x".repeat(129)] {
        let (kind, text) = fault(Fleet::builder("redis://127.0.0.1:1").replica(replica)).await;
        assert_eq!(kind, FleetErrorKind::Replica, "{text}");
    }
}

#[tokio::test]
async fn a_replica_without_a_name_has_that_of_its_host_and_a_random_part() {
    let store = MemoryStore::new();
    let circuits = [(); 2].map(|()| CircuitBreaker::new("jira", CONFIG));
    let mut fleets = Vec::new();
    for circuit in &circuits {
        let builder = Fleet::with_store(store.clone()).share_circuit(circuit);
        fleets.push(builder.start().await.expect("a store in memory"));
    }
    let names = status_of(&fleets[0]).await.replicas;
    let [one, two] = &names[..] else {
        panic!("{names:?}")
    };
    assert_ne!(one, two);
    let (host, random) = one.rsplit_once('-').expect("two parts");
    assert!(!host.is_empty() && random.len() == 8, "{one}");
    assert_eq!(two.rsplit_once('-').map(|(host, _)| host), Some(host));
}

#[tokio::test]
async fn a_fleet_without_circuits_is_an_error() {
    let error = Fleet::builder("redis://127.0.0.1:1")
        .start()
        .await
        .expect_err("nothing is shared");
    assert_eq!(error.kind(), FleetErrorKind::NothingShared);
    assert!(error.to_string().contains("share_all"), "{error}");
}

#[tokio::test]
async fn keys_of_a_later_version_are_an_error() {
    let Some(server) = Server::start() else {
        return;
    };
    server.command(&["SET", "{test}:format", "2"]);
    let (kind, text) = store_fault(Fleet::builder(server.address()).namespace("test")).await;
    assert_eq!(kind, StoreErrorKind::LaterFormat);
    assert!(text.contains("a later version"), "{text}");
}

#[tokio::test]
async fn keys_of_a_later_version_that_come_later_degrade_the_fleet_until_they_are_gone() {
    let told = degraded_events("later_version");
    let Some(server) = Server::start() else {
        return;
    };
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::builder(server.address()).namespace("later_version");
    let fleet = builder.share_circuit(&circuit).start().await;
    let replica = Replica {
        circuit,
        fleet: fleet.expect("the store is there"),
    };
    server.command(&["SET", "{later_version}:format", "2"]);
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    until("it is told", async || {
        !told.lock().expect("no panic").is_empty()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(replica.fleet.is_degraded());
    replica.trip();
    assert_eq!(replica.reason(), Some(TransitionReason::Failures));
    server.command(&["DEL", "{later_version}:format"]);
    // The event comes after the state.
    until("it is told that it is restored", async || {
        told.lock().expect("no panic").last().map(String::as_str) == Some("restored")
    })
    .await;
    assert!(!replica.fleet.is_degraded());
}

#[tokio::test]
async fn keys_of_another_kind_are_an_error_and_break_no_call() {
    let Some(server) = Server::start() else {
        return;
    };
    let record = "{test:jira}:1:record";
    server.command(&["SET", record, "not a hash"]);
    let (kind, text) = store_fault(Fleet::builder(server.address()).namespace("test")).await;
    assert_eq!(kind, StoreErrorKind::Protocol, "{text}");
    assert!(
        text.contains("WRONGTYPE") || text.contains("wrong kind"),
        "{text}"
    );
    server.command(&["DEL", record]);
    let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    for broken in [["SET", record, "not a hash"], ["HSET", record, "epoch"]] {
        server.command(&["DEL", record]);
        let mut words = broken.to_vec();
        if broken[0] == "HSET" {
            words.extend(["x", "state", "open", "until", "soon"]);
        }
        let set = server.command(&words);
        assert!(!set.starts_with('-'), "{set}");
        replica.trip();
        until("it is degraded", async || replica.fleet.is_degraded()).await;
        assert!(replica.is(CircuitState::Open) || replica.is(CircuitState::HalfOpen));
        server.command(&["DEL", record]);
        until("it is restored", async || !replica.fleet.is_degraded()).await;
        replica.circuit.reset();
    }
}

#[tokio::test]
async fn a_degraded_start_waits_for_the_store() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.kill();
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::builder(server.address())
        .share_circuit(&circuit)
        .start_degraded(true);
    let begun = Instant::now();
    let fleet = builder.start().await.expect("degraded");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(fleet.is_degraded() && fleet.status().await.is_err());
    let replica = Replica { circuit, fleet };
    replica.trip();
    assert!(replica.is(CircuitState::Open), "it decides alone");
    server.restart();
    until("the store is reached", async || {
        !replica.fleet.is_degraded()
    })
    .await;
}
