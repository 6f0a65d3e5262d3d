//! A cluster, and a master behind a sentinel.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use resilience::{CircuitBreaker, CircuitState};
use resilience_fleet::{Fleet, FleetBuilder};
use resilience_fleet_tests::server::{Server, free_port, try_command};

use crate::replicas::{CONFIG, Replica, ordered, settle, until, until_all};

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
    let command = || resilience::Command::new("maintenance");
    ordered(async || replicas[0].fleet.isolate("jira", command()).await).await;
    until_all(&replicas, CircuitState::Open).await;
    ordered(async || replicas[1].fleet.reset("jira", command()).await).await;
    until_all(&replicas, CircuitState::Closed).await;
}

#[tokio::test]
async fn a_cluster_is_a_store() {
    let config = format!("nodes-{}.conf", std::process::id());
    let arguments = ["--cluster-enabled", "yes", "--cluster-config-file", &config];
    let Some(server) = Server::with(&arguments) else {
        return;
    };
    let added = server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    assert!(added.starts_with("+OK"), "{added}");
    until("the cluster is ready", async || {
        server
            .command(&["CLUSTER", "INFO"])
            .contains("cluster_state:ok")
    })
    .await;
    works(|| Fleet::cluster([server.address()])).await;
    let _ = std::fs::remove_file(std::env::temp_dir().join(config));
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
    let sentinel = Command::new("redis-server")
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
