//! A cluster, and a master behind a sentinel.

use std::{
    process::{self, Child, Stdio},
    time::Duration,
};

use resilience::{CircuitBreaker, CircuitState, Command};
use resilience_fleet::{Fleet, FleetBuilder};
use resilience_fleet_tests::server::{Server, free_port, try_command};

use tempfile::TempDir;

use crate::{
    failover::two_servers,
    replicas::{CONFIG, Replica, ordered, settle, started, status_of, until, until_all},
};

/// Two replicas vote, open, obey a command, and hear of each other's.
async fn works(builder: impl Fn() -> FleetBuilder) {
    let mut replicas = Vec::new();
    for at in 0..2 {
        let circuit = CircuitBreaker::new("jira", CONFIG);
        let settings = builder().namespace("test").replica(format!("r{at}"));
        let fleet = started(settings.share_circuit(&circuit)).await;
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
        let fleet = started(builder).await;
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

/// A sentinel that watches one master under the name `jobs`.
struct Sentinel {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Sentinel {
    async fn watch(master: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let file = folder.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nsentinel monitor jobs 127.0.0.1 {} 1\nsentinel down-after-milliseconds jobs 500\nsentinel failover-timeout jobs 2000\n",
            master.port
        );
        std::fs::write(&file, settings).expect("a file");
        let process = process::Command::new("redis-server")
            .arg(&file)
            .arg("--sentinel")
            .stdout(Stdio::null())
            .spawn();
        let sentinel = Self {
            process: process.expect("it starts"),
            port,
            _folder: folder,
        };
        until("the sentinel knows the master", async || {
            sentinel
                .master()
                .is_some_and(|known| known.contains("127.0.0.1"))
        })
        .await;
        sentinel
    }

    /// The address of the master, as the sentinel knows it.
    fn master(&self) -> Option<String> {
        let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "jobs"];
        try_command(self.port, &words).ok()
    }

    fn fleet(&self) -> FleetBuilder {
        Fleet::sentinels([format!("redis://127.0.0.1:{}", self.port)], "jobs")
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_master_behind_a_sentinel_is_a_store() {
    let Some(server) = Server::start() else {
        return;
    };
    let sentinel = Sentinel::watch(&server).await;
    works(|| sentinel.fleet()).await;
}

#[tokio::test]
async fn the_replicas_follow_a_failover_of_the_sentinel() {
    let Some((mut master, other)) = two_servers().await else {
        return;
    };
    let sentinel = Sentinel::watch(&master).await;
    let mut replicas = Vec::new();
    for at in 0..2 {
        replicas.push(Replica::join(sentinel.fleet(), at, CONFIG).await);
    }
    settle(&replicas).await;
    let command = Command::new("maintenance");
    ordered(async || replicas[0].fleet.isolate("jira", command.clone()).await).await;
    until_all(&replicas, CircuitState::Open).await;
    until("the sentinel knows the other server", async || {
        let known = try_command(sentinel.port, &["SENTINEL", "REPLICAS", "jobs"]);
        known.is_ok_and(|known| known.contains(&other.port.to_string()))
    })
    .await;
    master.kill();
    until("the other server is the master", async || {
        let known = sentinel.master();
        known.is_some_and(|known| known.contains(&other.port.to_string()))
    })
    .await;
    let command = Command::new("it is over");
    ordered(async || replicas[1].fleet.reset("jira", command.clone()).await).await;
    until_all(&replicas, CircuitState::Closed).await;
    assert!(replicas.iter().all(|it| !it.fleet.is_degraded()));
}
