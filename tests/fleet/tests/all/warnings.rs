//! The lines of the log that an operator needs.

use std::{
    io::{self, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use resilience::CircuitBreaker;
use resilience_fleet::Fleet;
use resilience_fleet_tests::server::Server;

use crate::replicas::{CONFIG, Shared, until};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Writes the warnings of all fleets of this process to [`LOG`].
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The warnings of the fleet of that namespace.
fn warnings(namespace: &str) -> Vec<String> {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    let log = String::from_utf8_lossy(&log).into_owned();
    let fleet = format!("fleet=\"{namespace}\"");
    log.lines()
        .filter(|line| line.contains(&fleet))
        .map(str::to_owned)
        .collect()
}

fn listen() {
    static LISTENS: OnceLock<()> = OnceLock::new();
    LISTENS.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
    });
}

async fn join(store: &Shared, namespace: &str, replica: &str) -> Fleet {
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = store.builder().namespace(namespace).replica(replica);
    let fleet = builder.share_circuit(&circuit).start().await;
    fleet.expect("the store is there")
}

#[tokio::test]
async fn the_second_replica_of_one_name_is_warned_of_and_others_are_not() {
    listen();
    for store in Shared::all() {
        let namespace = match &store {
            Shared::Redis(_) => "one_name_redis",
            Shared::Memory(_) => "one_name_memory",
        };
        let _first = join(&store, namespace, "orders-1").await;
        let _other = join(&store, namespace, "orders-2").await;
        assert_eq!(warnings(namespace), Vec::<String>::new());
        let _second = join(&store, namespace, "orders-1").await;
        let lines = warnings(namespace);
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        for part in [
            "WARN",
            "replica=\"orders-1\"",
            "another process has the name",
            "one vote",
        ] {
            assert!(line.contains(part), "{line}");
        }
    }
}

#[tokio::test]
async fn a_replica_that_left_or_lost_the_store_is_not_warned_of() {
    listen();
    let Some(server) = Server::start() else {
        return;
    };
    let store = Shared::Redis(server);
    drop(join(&store, "again", "orders-1").await);
    let fleet = until_free(&store).await;
    let Shared::Redis(server) = &store else {
        unreachable!()
    };
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    until("it is connected again", async || {
        fleet
            .status()
            .await
            .is_ok_and(|it| it.replicas == ["orders-1"])
    })
    .await;
    let about_names = |line: &String| line.contains("another process");
    let lines = warnings("again");
    assert!(!lines.iter().any(about_names), "{lines:?}");
}

/// Joins when the one before has left, which takes a moment.
async fn until_free(store: &Shared) -> Fleet {
    let Shared::Redis(server) = store else {
        unreachable!()
    };
    until("the one before has left", async || {
        server
            .command(&["HLEN", "{again}:1:members"])
            .starts_with(":0")
    })
    .await;
    join(store, "again", "orders-1").await
}
