//! Commands reach all replicas, and those that start later.

use std::time::{Duration, Instant};

use resilience::{CircuitState, Command, events::CommandAction, registry};
use resilience_fleet::{CircuitId, Fleet, FleetErrorKind, store::StoreErrorKind};
use resilience_fleet_tests::server::Server;

use crate::replicas::{
    CONFIG, Replica, Shared, behind_proxy, ordered, started, status_of, until, until_all,
};

fn command() -> Command {
    Command::new("maintenance").by("ana")
}

#[tokio::test]
async fn an_isolation_reaches_all_and_survives_a_restart_of_a_replica() {
    for store in Shared::all() {
        let replicas = store.replicas(3).await;
        let ten_minutes = Duration::from_secs(600);
        ordered(async || {
            replicas[0]
                .fleet
                .isolate("jira", command().for_(ten_minutes))
                .await
        })
        .await;
        until_all(&replicas, CircuitState::Open).await;
        for replica in &replicas {
            let given = replica.circuit.stats().command.expect("it holds");
            assert_eq!(given.action, CommandAction::Isolate);
            assert_eq!(
                (given.reason.as_deref(), given.by.as_deref()),
                (Some("maintenance"), Some("ana"))
            );
            assert!(given.until.is_some());
        }
        let late = Replica::join(store.builder(), 9, CONFIG).await;
        until("the late one obeys", async || late.circuit.stats().isolated).await;
        let status = status_of(&late.fleet).await;
        let [circuit] = &status.circuits[..] else {
            panic!("{status:?}")
        };
        assert!(circuit.isolated && circuit.state == CircuitState::Open);
        let given = circuit.command.as_ref().expect("it holds");
        assert_eq!(
            (&*given.reason, given.by.as_deref()),
            ("maintenance", Some("ana"))
        );
        assert!(given.ends_in.is_some_and(|rest| rest <= ten_minutes));
        ordered(async || replicas[2].fleet.reset("jira", command()).await).await;
        until_all(&replicas, CircuitState::Closed).await;
        until("the late one, too", async || late.is(CircuitState::Closed)).await;
        assert!(replicas[0].circuit.acquire().is_ok());
    }
}

#[tokio::test]
async fn allow_beats_votes_and_trip_opens_all_for_its_time() {
    for store in Shared::all() {
        let replicas = store.replicas(3).await;
        ordered(async || replicas[0].fleet.allow("jira", command()).await).await;
        until("all allow", async || {
            replicas
                .iter()
                .all(|replica| replica.circuit.stats().command.is_some())
        })
        .await;
        for replica in &replicas[..2] {
            for _ in 0..5 {
                replica.circuit.acquire().expect("allowed").failure();
            }
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(
            replicas
                .iter()
                .all(|replica| replica.is(CircuitState::Closed))
        );
        let status = status_of(&replicas[2].fleet).await;
        assert_eq!(status.circuits[0].state, CircuitState::Closed);
        assert_eq!(status.circuits[0].votes, 0);

        let minute = Duration::from_secs(60);
        ordered(async || replicas[1].fleet.trip("jira", command().for_(minute)).await).await;
        until_all(&replicas, CircuitState::Open).await;
        let open = replicas[2].circuit.acquire().expect_err("open");
        assert!(open.retry_after() > Some(minute / 2), "{open}");
    }
}

#[tokio::test]
async fn a_command_that_ends_by_itself_ends_in_all() {
    for store in Shared::all() {
        let replicas = store.replicas(2).await;
        let second = Duration::from_secs(1);
        ordered(async || {
            replicas[0]
                .fleet
                .isolate("jira", command().for_(second))
                .await
        })
        .await;
        until_all(&replicas, CircuitState::Open).await;
        until_all(&replicas, CircuitState::Closed).await;
        let status = status_of(&replicas[1].fleet).await;
        assert_eq!(status.circuits[0].command, None);
    }
}

#[tokio::test]
async fn a_command_of_the_process_itself_is_stronger_than_the_fleet() {
    for store in Shared::all() {
        let replicas = store.replicas(3).await;
        replicas[2].circuit.isolate();
        replicas[0].trip();
        replicas[1].trip();
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(replicas[2].circuit.stats().isolated);
    }
}

#[tokio::test]
async fn without_the_store_a_command_is_an_error_soon() {
    let Some(server) = Server::start() else {
        return;
    };
    let (proxy, replicas) = behind_proxy(&server, 1).await;
    proxy.stall(true);
    for _ in 0..5 {
        let begun = Instant::now();
        let given = replicas[0].fleet.isolate("jira", command()).await;
        let error = given.expect_err("no store");
        // A tenth of it is promised.
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
        assert!(error.to_string().contains("store"), "{error}");
    }
    assert!(replicas[0].is(CircuitState::Closed));
}

/// The operator is told that a command may come after its error, see `Fleet::trip`.
#[tokio::test]
async fn a_store_that_was_only_slow_takes_a_command_after_its_error() {
    let Some(server) = Server::start() else {
        return;
    };
    let replica = Replica::join(Fleet::builder(server.address()), 0, CONFIG).await;
    let Replica { circuit, fleet } = &replica;
    until("a command is obeyed after its timeout", async || {
        server.signal("STOP");
        let given = fleet.isolate("jira", command()).await;
        server.signal("CONT");
        let timeout = FleetErrorKind::Store(StoreErrorKind::Timeout);
        if given.err().map(|error| error.kind()) != Some(timeout) {
            return false;
        }
        let begun = Instant::now();
        while !circuit.stats().isolated && begun.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        circuit.stats().isolated
    })
    .await;
}

#[tokio::test]
async fn circuits_of_keys_are_shared_by_key_and_commanded_by_name() {
    for store in Shared::all() {
        let name = match &store {
            Shared::Redis(_) => "fleet_hosts_redis",
            Shared::Memory(_) => "fleet_hosts_memory",
        };
        let hosts = registry::get_or_register_family(name, CONFIG);
        let builder = store.builder().namespace("keys").replica("one");
        let fleet = started(builder.share([name])).await;
        hosts.acquire("a.example").expect("closed").success();
        hosts.acquire("b.example").expect("closed").success();
        until("both keys are shared", async || {
            let status = status_of(&fleet).await;
            status
                .circuits
                .iter()
                .filter(|circuit| circuit.key.is_some())
                .count()
                == 2
        })
        .await;
        let one = CircuitId::new(name, Some("a.example"));
        ordered(async || fleet.isolate(one.clone(), command()).await).await;
        until("one key obeys", async || {
            hosts.acquire("a.example").is_err()
        })
        .await;
        assert!(hosts.acquire("b.example").is_ok());
        ordered(async || fleet.isolate(name, command()).await).await;
        until("all keys obey", async || {
            hosts.acquire("b.example").is_err()
        })
        .await;
        assert!(hosts.acquire("new.example").is_err(), "later keys, too");
        ordered(async || fleet.reset(name, command()).await).await;
        until("all keys are reset", async || {
            hosts.acquire("b.example").is_ok()
        })
        .await;
        drop(fleet);
    }
}

#[tokio::test]
async fn a_command_for_a_circuit_that_is_not_shared_is_an_error() {
    for store in Shared::all() {
        let replicas = store.replicas(1).await;
        let error = replicas[0]
            .fleet
            .isolate("jirra", command())
            .await
            .expect_err("a typo");
        assert!(
            error.to_string().contains("\"jirra\" is not shared"),
            "{error}"
        );
    }
}
