//! A cluster, and a master behind a sentinel.

use std::{
    process::{self, Child, Stdio},
    time::Duration,
};

use resilience::{CircuitBreaker, CircuitState, Command};
use resilience_fleet::{Fleet, FleetBuilder};
use resilience_fleet_tests::server::{Server, free_port, try_command};

use tempfile::TempDir;

use crate::replicas::{CONFIG, Replica, ordered, settle, status_of, until, until_all};

/// Two replicas vote, open, obey a command, and hear of each other's.
async fn works(builder: impl Fn() -> FleetBuilder) {
    let mut replicas = Vec::new();
    for at in 0..2 {
        let circuit = CircuitBreaker::new("jira", CONFIG);
        let settings = builder().namespace("test").replica(format!("r{at}"));
        let fleet = settings
            .share_circuit(&circuit)
            .start()
            .await
            .expect("the store is there");
        replicas.push(Replica { circuit, fleet });
    }
    settle(&replicas).await;
    replicas[0].trip();
    replicas[1].trip();
    until("the fleet opens", async || {
        let status = replicas[0].fleet.status().await;
        status.is_ok_and(|status| status.circuits[0].state != CircuitState::Closed)
    })
    .await;
    let command = || Command::new("maintenance");
    ordered(async || replicas[0].fleet.isolate("jira", command()).await).await;
    until_all(&replicas, CircuitState::Open).await;
    ordered(async || replicas[1].fleet.reset("jira", command()).await).await;
    until_all(&replicas, CircuitState::Closed).await;
}

/// The nodes of a cluster that share the slots, and the files of their state.
async fn cluster(number: u16) -> Option<(Vec<Server>, TempDir)> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut nodes = Vec::new();
    for at in 0..number {
        let file = folder.path().join(format!("{at}.conf"));
        let file = file.display().to_string();
        let arguments = ["--cluster-enabled", "yes", "--cluster-config-file", &file];
        nodes.push(Server::with(&arguments)?);
    }
    let each = 16_384 / number;
    for (at, node) in (0..number).zip(&nodes) {
        let last = if at + 1 == number {
            16_383
        } else {
            (at + 1) * each - 1
        };
        let (first, last) = ((at * each).to_string(), last.to_string());
        let added = node.command(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        assert!(added.starts_with("+OK"), "{added}");
        let port = node.port.to_string();
        let met = nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port]);
        assert!(met.starts_with("+OK"), "{met}");
    }
    until("the cluster is ready", async || {
        nodes.iter().all(|node| {
            let info = node.command(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok")
                && info.contains(&format!("cluster_known_nodes:{number}"))
        })
    })
    .await;
    Some((nodes, folder))
}

#[tokio::test]
async fn a_cluster_of_one_node_is_a_store() {
    let Some((nodes, _folder)) = cluster(1).await else {
        return;
    };
    works(|| Fleet::cluster([nodes[0].address()])).await;
}

#[tokio::test]
async fn circuits_in_all_slots_of_a_cluster_are_shared() {
    let Some((nodes, _folder)) = cluster(3).await else {
        return;
    };
    works(|| Fleet::cluster([nodes[0].address()])).await;
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let mut replicas = Vec::new();
    for (at, node) in nodes[..2].iter().enumerate() {
        let circuits: Vec<_> = (0..20)
            .map(|at| CircuitBreaker::new(format!("circuit-{at}"), config))
            .collect();
        let mut builder = Fleet::cluster([node.address()]).namespace("slots");
        builder = builder.replica(format!("r{at}"));
        for circuit in &circuits {
            builder = builder.share_circuit(circuit);
        }
        let fleet = builder.start().await.expect("the store is there");
        replicas.push((circuits, fleet));
    }
    let (told, hearing) = (&replicas[0], &replicas[1]);
    for circuit in 0..20 {
        let name = format!("circuit-{circuit}");
        let command = Command::new("each slot");
        ordered(async || told.1.isolate(&*name, command.clone()).await).await;
        until("the other obeys", async || {
            hearing.0[circuit].stats().isolated
        })
        .await;
    }
    // The circuits lie on more than one node.
    let has_keys = |node: &&Server| !node.command(&["DBSIZE"]).starts_with(":0");
    assert!(nodes.iter().filter(has_keys).count() > 1);
    let status = status_of(&hearing.1).await;
    assert!(status.circuits.len() == 20 && status.circuits.iter().all(|it| it.isolated));
}

struct Sentinel(Child);

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_master_behind_a_sentinel_is_a_store() {
    let Some(server) = Server::start() else {
        return;
    };
    let port = free_port();
    let file = std::env::temp_dir().join(format!("sentinel-{port}.conf"));
    let monitor = format!(
        "port {port}\nsentinel monitor jobs 127.0.0.1 {} 1\n",
        server.port
    );
    std::fs::write(&file, monitor).expect("a file");
    let sentinel = process::Command::new("redis-server")
        .arg(&file)
        .arg("--sentinel")
        .stdout(Stdio::null())
        .spawn();
    let _sentinel = Sentinel(sentinel.expect("it starts"));
    until("the sentinel knows the master", async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let known = try_command(port, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "jobs"]);
        known.is_ok_and(|known| known.contains("127.0.0.1"))
    })
    .await;
    works(|| Fleet::sentinels([format!("redis://127.0.0.1:{port}")], "jobs")).await;
    let _ = std::fs::remove_file(file);
}
