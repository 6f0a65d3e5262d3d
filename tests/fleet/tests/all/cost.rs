//! The requests that events cost, and the memory of a circuit in the server. The README has the
//! same numbers.

use std::{panic::catch_unwind, time::Duration};

use resilience::{CircuitBreaker, CircuitState, Command};
use resilience_fleet::Fleet;
use resilience_fleet_tests::{server::Server, tap::Tap};

use crate::{
    replicas::{CONFIG, join_all, ordered, started, status_of, until, until_all},
    runtime::block_on,
};

const README: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../resilience-fleet/README.md"
);

/// The requests of the tap, without those of the timers.
fn of_events(tap: &Tap) -> Vec<String> {
    let mut requests = tap.requests();
    requests.retain(|request| request != "changes" && request != "heartbeat");
    requests.sort();
    requests
}

fn count(requests: &[String], name: &str) -> usize {
    requests.iter().filter(|request| *request == name).count()
}

/// Waits until no replica reads by a push any more.
async fn quiet() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// A machine that is busy for 50 ms makes a replica ask twice, so the count is repeated then.
#[test]
fn an_event_costs_the_requests_that_the_readme_names() {
    let count = || block_on(requests_of_events());
    for _ in 0..4 {
        if catch_unwind(count).is_ok() {
            return;
        }
    }
    count();
}

async fn requests_of_events() {
    let Some(server) = Server::start() else {
        return;
    };
    let tap = Tap::start(server.port, None, |_| {});
    let config = CONFIG
        .recovery_timeout(Duration::from_secs(2))
        .success_threshold(1);
    let replicas = join_all(3, config, || Fleet::builder(tap.address())).await;
    quiet().await;
    // A success costs nothing. A poll finds no change, and reads no circuit.
    tap.requests();
    for replica in &replicas {
        replica.succeed(1_000);
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(of_events(&tap), Vec::<String>::new());

    // A trip: the vote, its note in the log, a reading and an objection of the others, and the
    // count after the grace. A doubted circuit is read by each poll, too.
    replicas[0].trip();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let requests = of_events(&tap);
    let of = |name| count(&requests, name);
    let writes = (of("vote"), of("note"), of("settle"), of("object"));
    assert_eq!(writes, (1, 1, 1, 2), "{requests:?}");
    assert!(of("read") >= 3, "{requests:?}");

    // An opening by a command, and a probe that closes: the lease and the verdict.
    ordered(async || replicas[1].fleet.trip("jira", Command::new("x")).await).await;
    until_all(&replicas, CircuitState::Open).await;
    until("the open time ends", async || {
        replicas[2].is(CircuitState::HalfOpen)
    })
    .await;
    quiet().await;
    tap.requests();
    let probed = replicas[2]
        .circuit
        .call_async(async { Ok::<_, std::io::Error>(()) });
    probed.await.expect("it is admitted");
    until_all(&replicas, CircuitState::Closed).await;
    quiet().await;
    let requests = of_events(&tap);
    let of = |name| count(&requests, name);
    let writes = (of("lease"), of("verdict"), of("note"), of("vote"));
    assert_eq!(writes, (1, 1, 1, 0), "{requests:?}");
}

/// The number in front of the words in the README.
fn of_readme(words: &str) -> usize {
    let readme = std::fs::read_to_string(README).expect("the README");
    let end = readme.find(words);
    let end = end.unwrap_or_else(|| panic!("the README has no {words:?}"));
    let number = readme[..end].trim_end().rsplit(' ').next();
    let number = number.map(|number| number.replace(',', ""));
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no number in front of {words:?}"))
}

/// The bytes that the server needs for all keys with the beginning.
fn memory(server: &Server, beginning: &str) -> usize {
    let keys = server.command(&["KEYS", &format!("{beginning}*")]);
    let keys = keys.lines().filter(|line| line.starts_with('{'));
    let bytes = keys.map(|key| {
        let answer = server.command(&["MEMORY", "USAGE", key, "SAMPLES", "0"]);
        let number = answer
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(':'));
        number
            .and_then(|number| number.parse::<usize>().ok())
            .unwrap_or_default()
    });
    bytes.sum()
}

/// Asserts that the README rounds the measured number up, by a quarter at most.
fn assert_readme(measured: usize, words: &str) {
    let stated = of_readme(words);
    println!("{measured} {words}, {stated} in the README");
    assert!(
        measured <= stated,
        "{measured} {words}, {stated} in the README"
    );
    assert!(
        stated <= measured * 5 / 4,
        "{measured} {words}, {stated} in the README"
    );
}

#[tokio::test]
async fn a_circuit_needs_the_bytes_that_the_readme_names() {
    let Some(server) = Server::start() else {
        return;
    };
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let replicas = join_all(3, config, || Fleet::builder(server.address())).await;
    let circuit = || memory(&server, "{test:jira}");
    assert_eq!(circuit(), 0, "a circuit that never opened");
    replicas[0].trip();
    until("the vote is there", async || {
        let status = status_of(&replicas[2].fleet).await;
        status.circuits[0].votes == 1
    })
    .await;
    assert_readme(circuit(), "bytes while it is doubted");
    replicas[1].trip();
    until_all(&replicas, CircuitState::Open).await;
    assert_readme(circuit(), "bytes while it is open");
    let command = Command::new("maintenance").by("ana");
    ordered(async || replicas[0].fleet.isolate("jira", command.clone()).await).await;
    assert_readme(circuit(), "bytes under a command");

    // The list of a replica grows with its circuits.
    let before = memory(&server, "{test}");
    let circuits: Vec<_> = (0..1_000)
        .map(|at| CircuitBreaker::new(format!("circuit-{at}"), CONFIG))
        .collect();
    let mut builder = Fleet::builder(server.address())
        .namespace("test")
        .replica("many");
    for circuit in &circuits {
        builder = builder.share_circuit(circuit);
    }
    let _many = started(builder).await;
    let per_circuit = (memory(&server, "{test}") - before).div_ceil(1_000);
    assert_readme(per_circuit, "bytes for each circuit of a replica");
}
