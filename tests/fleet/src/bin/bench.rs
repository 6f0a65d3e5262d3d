//! The figures of the package's README:
//! `cargo run --release -p resilience-fleet-tests --bin bench`. With `-- stopped` it makes only the
//! calls while the store is stopped.

use std::{
    env,
    fs::File,
    hint::black_box,
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};

use resilience::{CircuitBreaker, CircuitBreakerConfig};
use resilience_fleet::Fleet;
use resilience_fleet_tests::server::Server;

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .recovery_timeout(Duration::from_secs(60));

async fn join(server: &Server, namespace: &str, replicas: usize) -> Vec<(CircuitBreaker, Fleet)> {
    let mut joined = Vec::new();
    for at in 0..replicas {
        let circuit = CircuitBreaker::new("bench", CONFIG);
        let builder = Fleet::builder(server.address()).namespace(namespace);
        let builder = builder.replica(format!("r{at}")).share_circuit(&circuit);
        joined.push((circuit, builder.start().await.expect("the store is there")));
    }
    // The lists of the replicas are read within two seconds.
    tokio::time::sleep(Duration::from_secs(2)).await;
    joined
}

/// The time until all circuits are open.
async fn until_all_open(joined: &[(CircuitBreaker, Fleet)], begun: Instant) -> Duration {
    while joined
        .iter()
        .any(|(circuit, _)| circuit.stats().opened == 0)
    {
        assert!(begun.elapsed() < Duration::from_secs(10), "not all open");
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    begun.elapsed()
}

/// The time from the first trip until all are open. Two replicas vote, and the others are silent.
async fn by_votes(server: &Server, namespace: &str, replicas: usize) -> Duration {
    let joined = join(server, namespace, replicas).await;
    let begun = Instant::now();
    for (circuit, _) in &joined[..2] {
        circuit.acquire().expect("closed").failure();
    }
    until_all_open(&joined, begun).await
}

/// The time from a command until all are open.
async fn by_command(server: &Server, namespace: &str, replicas: usize) -> Duration {
    let joined = join(server, namespace, replicas).await;
    let begun = Instant::now();
    let command = resilience::Command::new("bench");
    joined[0]
        .1
        .isolate("bench", command)
        .await
        .expect("a command");
    until_all_open(&joined, begun).await
}

fn evaluations(server: &Server) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let lines = stats
        .lines()
        .filter(|line| line.starts_with("cmdstat_eval"));
    let calls = lines.filter_map(|line| line.split("calls=").nth(1)?.split(',').next());
    calls.filter_map(|calls| calls.parse::<u64>().ok()).sum()
}

/// The fastest of several runs of a million successes.
fn million(circuit: &CircuitBreaker) -> Duration {
    let runs = (0..9).map(|_| {
        let begun = Instant::now();
        for _ in 0..1_000_000 {
            black_box(circuit).acquire().expect("closed").success();
        }
        begun.elapsed()
    });
    runs.min().unwrap_or_default()
}

/// The time for which this thread was ready to run and had no core, as Linux counts it.
struct WaitsForCore(Option<File>);

impl WaitsForCore {
    fn open() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    fn total(&self) -> Option<Duration> {
        let mut text = [0; 64];
        let length = self.0.as_ref()?.read_at(&mut text, 0).ok()?;
        let text = std::str::from_utf8(&text[..length]).ok()?;
        let nanos = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(Duration::from_nanos(nanos))
    }
}

/// Calls a closed and an open circuit for ten seconds while the server is stopped. The waits for a
/// core are read once per thousand pairs, because a reading takes longer than a pair.
async fn stopped(server: &Server) {
    let joined = join(server, "stopped", 2).await;
    let (open, closed) = (&joined[0].0, &joined[1].0);
    open.acquire().expect("closed").failure();
    server.signal("STOP");
    let waits = WaitsForCore::open();
    let (mut slowest, mut waited, mut calls) = (Duration::ZERO, None, 0_u64);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        let before = waits.total();
        let pairs = (0..1_000).map(|_| {
            let call = Instant::now();
            closed.acquire().expect("closed").success();
            let _ = black_box(open.acquire());
            call.elapsed()
        });
        let slowest_now = pairs.max().unwrap_or_default();
        calls += 2_000;
        if slowest_now > slowest {
            slowest = slowest_now;
            waited = waits
                .total()
                .zip(before)
                .map(|(now, before)| now.saturating_sub(before));
        }
    }
    server.signal("CONT");
    println!("store stopped for 10 s under load: {calls} calls, the slowest pair took {slowest:?}");
    if let Some(waited) = waited {
        println!("in the thousand pairs with it, the thread had no core for {waited:?}");
    }
}

#[tokio::main]
async fn main() {
    let Some(server) = Server::start() else {
        return;
    };
    if env::args().nth(1).as_deref() == Some("stopped") {
        return stopped(&server).await;
    }
    for replicas in [2, 5, 20, 50] {
        let (mut votes, mut commands) = (Vec::new(), Vec::new());
        for round in 0..5 {
            votes.push(by_votes(&server, &format!("v{replicas}-{round}"), replicas).await);
            commands.push(by_command(&server, &format!("c{replicas}-{round}"), replicas).await);
        }
        votes.sort();
        commands.sort();
        println!(
            "{replicas} replicas: votes {:?} (slowest {:?}), command {:?} (slowest {:?})",
            votes[2], votes[4], commands[2], commands[4]
        );
    }
    let alone = CircuitBreaker::new("alone", CONFIG);
    let joined = join(&server, "calls", 1).await;
    let before = evaluations(&server);
    let begun = Instant::now();
    let (with, without) = (million(&joined[0].0), million(&alone));
    let requests = evaluations(&server) - before;
    println!(
        "a million successes: {with:?} with a fleet, {without:?} without; {requests} requests by timers in {:?}",
        begun.elapsed()
    );
    let per_second = |time: Duration| 1.0 / time.as_secs_f64();
    println!(
        "calls per second of one thread: {:.0} million with a fleet, {:.0} million without",
        per_second(with),
        per_second(without)
    );
    stopped(&server).await;
}
