//! Only the store's clock is used, and it may jump, too.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use resilience::{CircuitBreaker, CircuitState, Command};
use resilience_fleet::Fleet;
use resilience_fleet_tests::{clock::clock_goes_back, server::Server};

use crate::{
    process::{Process, Service, replicas, wait},
    replicas::{CONFIG, Replica, join_all, ordered, recover, started, status_of, until, until_all},
};

/// Microseconds.
const HOUR: i64 = 3_600_000_000;

/// The library that moves the wall clock of a process, which is Debian's package libfaketime. The
/// monotonic clock stays, because no operating system moves that one.
fn libfaketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    let mut libraries = folders.flatten().flat_map(|folder| {
        let folder = folder.path();
        ["faketime/libfaketimeMT.so.1", "libfaketimeMT.so.1"].map(|file| folder.join(file))
    });
    let found = libraries.find(|library| library.exists());
    if found.is_none() {
        eprintln!("not run, because libfaketime is missing: a test of the clocks");
    }
    found
}

/// A file from which a process reads by how much its wall clock is off.
struct WallClock(tempfile::NamedTempFile);

impl WallClock {
    fn off_by(offset: &str) -> Self {
        let clock = Self(tempfile::NamedTempFile::new().expect("a file"));
        clock.jump(offset);
        clock
    }

    fn jump(&self, offset: &str) {
        std::fs::write(self.0.path(), format!("{offset}\n")).expect("a file");
    }
}

fn is_last(state: &'static str) -> impl Fn(&Process) -> bool {
    move |it| it.lines().last().is_some_and(|line| line.contains(state))
}

/// A replica whose wall clock is off.
fn off(server: &Server, service: &Service, library: &Path, clock: &WallClock) -> Process {
    let file = clock.0.path().display().to_string();
    let library = library.display().to_string();
    let variables = [
        ("LD_PRELOAD", &*library),
        ("FAKETIME_TIMESTAMP_FILE", &*file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let off = Process::start(&server.address(), "off", service, &variables);
    wait("start", std::slice::from_ref(&off), |it| {
        it.first("started", 0).is_some()
    });
    off
}

#[test]
fn a_replica_whose_clock_is_an_hour_off_and_jumps_changes_nothing() {
    let (Some(server), Some(library)) = (Server::start(), libfaketime()) else {
        return;
    };
    let (service, clock) = (Service::start(), WallClock::off_by("+1h"));
    let mut all = replicas(&server, &service, 2);
    all.push(off(&server, &service, &library, &clock));
    // Its clock is off, or this test shows nothing.
    let [right, .., wrong] = &*all else {
        unreachable!()
    };
    let started = |it: &Process| it.first("started", 0).expect("it has started");
    let lines = wrong.lines();
    assert!(started(wrong) > started(right) + 3_000_000_000, "{lines:?}");
    for offset in ["-1h", "+0", "+1h"] {
        service.fail(true);
        wait("open", &all, is_last(" open "));
        clock.jump(offset);
        service.fail(false);
        // The open time is half a second. An hour would not end within the limit of `wait`.
        wait("close", &all, is_last(" closed "));
    }
    for replica in &mut all {
        assert!(replica.end().ends_with("state=closed"));
    }
}

#[test]
fn the_only_caller_probes_in_time_although_its_clock_is_an_hour_off() {
    let (Some(server), Some(library)) = (Server::start(), libfaketime()) else {
        return;
    };
    let open_for = Duration::from_millis(700);
    let config = CONFIG.recovery_timeout(open_for);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // Two voters, which call nobody after their failures.
    let voters = ["one", "two"].map(|name| {
        let circuit = CircuitBreaker::new("service", config);
        let builder = Fleet::builder(server.address()).namespace("processes");
        let builder = builder.replica(name).share_circuit(&circuit);
        let fleet = runtime.block_on(started(builder));
        Replica { circuit, fleet }
    });
    let service = Service::start();
    for (offset, jump) in [("-1h", "+1h"), ("+1h", "-1h")] {
        let clock = WallClock::off_by(offset);
        let off = [off(&server, &service, &library, &clock)];
        for jumps in [false, true] {
            let (begun, lines) = (Instant::now(), off[0].lines().len());
            for voter in &voters {
                voter.trip();
            }
            // It opens by the votes, for the time that it reads from the store.
            wait("open", &off, |it| it.first(" open ", lines).is_some());
            if jumps {
                clock.jump(jump);
            }
            wait("probe", &off, |it| it.first(" half_open ", lines).is_some());
            assert!(begun.elapsed() >= open_for, "{:?}", off[0].lines());
            wait("close", &off, is_last(" closed "));
            runtime.block_on(until_all(&voters, CircuitState::Closed));
        }
        let command = Command::new("an isolation").for_(open_for);
        runtime.block_on(ordered(async || {
            let fleet = &voters[0].fleet;
            fleet.isolate("service", command.clone()).await
        }));
        wait("obey", &off, is_last(" open "));
        clock.jump(offset);
        wait("close", &off, is_last(" closed "));
        runtime.block_on(until_all(&voters, CircuitState::Closed));
    }
}

async fn trip(replicas: &[Replica]) {
    for replica in replicas {
        replica.trip();
    }
    until("the fleet opens", async || {
        let status = replicas[0].fleet.status().await;
        status.is_ok_and(|it| it.circuits[0].state != CircuitState::Closed)
    })
    .await;
}

async fn call(replica: &Replica) {
    let called = replica
        .circuit
        .call_async(async { Ok::<_, std::io::Error>(()) });
    let _ = called.await;
}

#[tokio::test]
async fn a_store_whose_clock_jumps_by_an_hour_keeps_no_circuit_open() {
    let Some(server) = Server::start() else {
        return;
    };
    let replicas = join_all(2, CONFIG, || Fleet::builder(server.address())).await;
    for hours in [1, -1] {
        trip(&replicas).await;
        clock_goes_back(&server, "test:jira", hours * HOUR);
        recover(&replicas, call).await;
    }
    // A vote, a command and its end.
    replicas[0].trip();
    let votes = async || {
        let status = status_of(&replicas[1].fleet).await;
        status.circuits[0].votes
    };
    until("the vote is there", async || votes().await == 1).await;
    clock_goes_back(&server, "test:jira", HOUR);
    assert_eq!(votes().await, 1);
    let command = Command::new("for a second").for_(Duration::from_secs(1));
    ordered(async || replicas[1].fleet.isolate("jira", command.clone()).await).await;
    until_all(&replicas, CircuitState::Open).await;
    clock_goes_back(&server, "test:jira", HOUR);
    until("the command ends in the store", async || {
        let status = status_of(&replicas[0].fleet).await;
        status.circuits[0].command.is_none()
    })
    .await;
    until_all(&replicas, CircuitState::Closed).await;
}
