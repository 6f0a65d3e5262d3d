//! The keys, the permissions that they need, and the data that leaves the process.

use resilience::{CircuitBreaker, CircuitState, Command};
use resilience_fleet::{Fleet, FleetErrorKind, store::StoreErrorKind};
use resilience_fleet_tests::server::Server;

use crate::replicas::{CONFIG, Replica, ordered, settle, status_of, until, until_all};

/// The permissions that the README names.
fn acl() -> Vec<String> {
    let readme = include_str!("../../../../resilience-fleet/README.md");
    let line = readme
        .lines()
        .find(|line| line.starts_with("ACL SETUSER fleet"));
    let line = line.expect("the README has the ACL");
    line.split_whitespace().map(str::to_owned).collect()
}

/// The address of a user that has the permissions of the README, and no others, for the namespace.
pub(crate) fn with_acl(server: &Server, namespace: &str) -> String {
    let acl: Vec<_> = acl()
        .iter()
        .map(|word| word.replace("orders-prod", namespace))
        .collect();
    let words: Vec<_> = acl.iter().map(String::as_str).collect();
    let answer = server.command(&words);
    assert!(answer.starts_with("+OK"), "{answer}");
    format!("redis://fleet:secret@127.0.0.1:{}", server.port)
}

/// Asserts that a server with all kinds of requests to a circuit ran each command of the ACL, so
/// that the ACL allows no more than is needed, and that it refused none.
pub(crate) fn assert_acl_is_used(server: &Server) {
    let stats = server.command(&["INFO", "commandstats"]);
    // Those of the lists of the whole fleet.
    let of_fleet = [
        "del",
        "get",
        "hello",
        "incr",
        "publish",
        "set",
        "subscribe",
        "zrangebyscore",
        "zremrangebyrank",
    ];
    for word in acl() {
        let Some(command) = word.strip_prefix('+') else {
            continue;
        };
        let is_used = stats.contains(&format!("cmdstat_{command}:"));
        assert!(
            is_used || of_fleet.contains(&command),
            "{command} is not needed: {stats}"
        );
    }
    let log = server.command(&["ACL", "LOG"]);
    assert!(log.starts_with("*0"), "the server refused something: {log}");
}

#[tokio::test]
async fn the_acl_of_the_readme_is_enough() {
    let Some(server) = Server::start() else {
        return;
    };
    let address = with_acl(&server, "orders-prod");
    let mut replicas = Vec::new();
    for at in 0..2 {
        let circuit = CircuitBreaker::new("jira", CONFIG);
        let builder = Fleet::builder(&address)
            .namespace("orders-prod")
            .replica(format!("r{at}"));
        let fleet = builder
            .share_circuit(&circuit)
            .start()
            .await
            .expect("the ACL is enough");
        replicas.push(Replica { circuit, fleet });
    }
    settle(&replicas).await;
    replicas[0].trip();
    replicas[1].trip();
    until("the fleet opens", async || {
        status_of(&replicas[0].fleet).await.circuits[0].state != CircuitState::Closed
    })
    .await;
    ordered(async || replicas[0].fleet.isolate("jira", Command::new("x")).await).await;
    until_all(&replicas, CircuitState::Open).await;
    ordered(async || replicas[0].fleet.reset("jira", Command::new("x")).await).await;
    until_all(&replicas, CircuitState::Closed).await;
    // The replicas write again what the server lost, one of them leaves, and the other hears of it.
    ordered(async || replicas[0].fleet.isolate("jira", Command::new("x")).await).await;
    until_all(&replicas, CircuitState::Open).await;
    server.command(&["FLUSHALL"]);
    until("the command is back", async || {
        status_of(&replicas[1].fleet).await.circuits[0].isolated
    })
    .await;
    drop(replicas.pop());
    until("it has left", async || {
        status_of(&replicas[0].fleet).await.replicas == ["r0"]
    })
    .await;
    assert!(!replicas.iter().any(|replica| replica.fleet.is_degraded()));
    let log = server.command(&["ACL", "LOG"]);
    assert!(log.starts_with("*0"), "the server refused something: {log}");
}

#[tokio::test]
async fn a_user_without_permission_is_an_error_that_names_the_acl() {
    let Some(server) = Server::start() else {
        return;
    };
    let address = with_acl(&server, "orders-prod");
    let circuit = CircuitBreaker::new("jira", CONFIG);
    // The user may not touch the keys of another namespace.
    let started = Fleet::builder(&address)
        .namespace("other")
        .share_circuit(&circuit)
        .start()
        .await;
    let error = started.expect_err("no permission");
    assert_eq!(
        error.kind(),
        FleetErrorKind::Store(StoreErrorKind::Permission),
        "{error}"
    );
    assert!(error.to_string().contains("ACL"), "{error}");
}

#[tokio::test]
async fn a_permission_that_is_taken_away_degrades_and_breaks_no_call() {
    let Some(server) = Server::start() else {
        return;
    };
    let address = with_acl(&server, "orders-prod");
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::builder(&address)
        .namespace("orders-prod")
        .share_circuit(&circuit);
    let fleet = builder.start().await.expect("the ACL is enough");
    server.command(&["ACL", "SETUSER", "fleet", "-evalsha", "-eval"]);
    until("it is degraded", async || fleet.is_degraded()).await;
    assert!(circuit.acquire().is_ok());
}

#[tokio::test]
async fn names_are_escaped_and_no_text_of_an_error_leaves_the_process() {
    let Some(server) = Server::start() else {
        return;
    };
    let name = "a{b}:*?\n\"ä";
    let circuit = CircuitBreaker::new(name, CONFIG);
    let builder = Fleet::builder(server.address())
        .namespace("test")
        .replica("one");
    let fleet = builder
        .share_circuit(&circuit)
        .start()
        .await
        .expect("the store is there");
    for _ in 0..2 {
        let secret = "password=hunter2";
        circuit
            .acquire()
            .expect("closed")
            .failure_with(&secret, None);
    }
    until("the vote is there", async || {
        status_of(&fleet).await.circuits[0].votes == 1
    })
    .await;
    let status = status_of(&fleet).await;
    assert_eq!(status.circuits[0].name, name);
    let keys = server.command(&["KEYS", "*"]);
    assert!(
        keys.contains("{test:a%7Bb%7D%3A%2A%3F%0A%22%C3%A4}:1:record"),
        "{keys}"
    );
    let keys: Vec<_> = keys.lines().filter(|line| line.starts_with('{')).collect();
    for key in keys {
        let all = [
            server.command(&["HGETALL", key]),
            server.command(&["ZRANGE", key, "0", "-1"]),
            server.command(&["GET", key]),
        ];
        assert!(!all.concat().contains("hunter2"), "{key}");
        let ttl = server.command(&["PTTL", key]);
        assert!(!ttl.starts_with(":-1"), "{key} has no TTL");
    }
}

#[tokio::test]
async fn the_keys_of_a_command_live_while_it_holds() {
    let Some(server) = Server::start() else {
        return;
    };
    let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    ordered(async || {
        replica
            .fleet
            .isolate("jira", Command::new("for long"))
            .await
    })
    .await;
    server.command(&["PEXPIRE", "{test:jira}:1:record", "30000"]);
    until("the time is refreshed", async || {
        let ttl = server.command(&["PTTL", "{test:jira}:1:record"]);
        let ttl = ttl
            .trim_start_matches(':')
            .lines()
            .next()
            .and_then(|ttl| ttl.parse::<i64>().ok());
        ttl > Some(60_000)
    })
    .await;
}
