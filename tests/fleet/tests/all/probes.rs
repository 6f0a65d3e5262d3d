//! Probes are leased: a limited number at a time over all replicas, counted together.

use std::{
    io,
    time::{Duration, Instant},
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, Command, OwnedPermit, TransitionReason,
    circuit_breaker, registry,
};
use resilience_fleet_tests::server::Server;

use crate::replicas::{
    CONFIG, Replica, Shared, behind_proxy, ordered, settle, started, status_of, until, until_all,
};

async fn open(replicas: &[Replica]) {
    replicas[0].trip();
    replicas[1].trip();
    until("all open", async || {
        replicas
            .iter()
            .all(|replica| replica.circuit.stats().opened > 0)
    })
    .await;
}

/// Asks again until the circuit admits a probe.
async fn probe(circuit: &CircuitBreaker) -> OwnedPermit {
    let mut permit = None;
    until("a probe is admitted", async || {
        let circuit = circuit.clone();
        let asked = tokio::task::spawn_blocking(move || circuit.acquire_owned());
        permit = asked.await.expect("no panic").ok();
        permit.is_some()
    })
    .await;
    permit.expect("admitted")
}

async fn leases(replica: &Replica) -> u32 {
    let status = status_of(&replica.fleet).await;
    status.circuits[0].leases
}

/// The open time is that of a command, and a lease lasts for long, so that none ends in a test on a
/// busy machine.
const LONG_LEASES: CircuitBreakerConfig = CONFIG.recovery_timeout(Duration::from_secs(60));

#[tokio::test]
async fn one_probe_runs_at_a_time_and_the_successes_of_all_replicas_close_all() {
    for store in Shared::all() {
        let mut replicas = Vec::new();
        for at in 0..4 {
            replicas.push(Replica::join(store.builder(), at, LONG_LEASES).await);
        }
        settle(&replicas).await;
        let open_for = Duration::from_millis(200);
        ordered(async || {
            let command = Command::new("x").for_(open_for);
            replicas[0].fleet.trip("jira", command).await
        })
        .await;
        until("all would probe", async || {
            replicas
                .iter()
                .all(|replica| replica.is(CircuitState::HalfOpen))
        })
        .await;
        let held = probe(&replicas[2].circuit).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(250) {
            for replica in &replicas {
                let circuit = replica.circuit.clone();
                let asked = tokio::task::spawn_blocking(move || circuit.acquire_owned());
                let asked = asked.await.expect("no panic");
                // A machine that is too busy for the store lets the replica probe alone.
                let is_alone = replica.fleet.is_degraded();
                assert!(asked.is_err() || is_alone, "a second probe");
            }
        }
        assert_eq!(leases(&replicas[0]).await, 1);
        held.success();
        assert!(
            !replicas[2].is(CircuitState::Closed),
            "one success is not enough"
        );
        probe(&replicas[3].circuit).await.success();
        until_all(&replicas, CircuitState::Closed).await;
        let past = &replicas[0].circuit.stats();
        assert_eq!((past.closed, past.failure_count), (1, 0));
    }
}

#[tokio::test]
async fn a_failed_probe_opens_all_again() {
    for store in Shared::all() {
        let replicas = store.replicas(3).await;
        open(&replicas).await;
        until("the open time ends", async || {
            replicas[1].is(CircuitState::HalfOpen)
        })
        .await;
        probe(&replicas[2].circuit).await.failure();
        until("the others are open again", async || {
            replicas[0].is(CircuitState::Open) && replicas[1].is(CircuitState::Open)
        })
        .await;
        assert_eq!(replicas[1].reason(), Some(TransitionReason::Fleet));
    }
}

#[tokio::test]
async fn the_lease_of_a_dead_prober_ends_after_the_recovery_timeout() {
    for store in Shared::all() {
        let replicas = store.replicas(3).await;
        open(&replicas).await;
        let lost = probe(&replicas[0].circuit).await;
        let begun = Instant::now();
        let next = probe(&replicas[1].circuit).await;
        let waited = begun.elapsed();
        // The lease has 400 ms. The rest of the time may have passed before the clock was read.
        assert!(waited >= Duration::from_millis(100), "{waited:?}");
        next.success();
        // Its outcome still counts, because its term is not over.
        lost.success();
        until_all(&replicas, CircuitState::Closed).await;
    }
}

#[tokio::test]
async fn a_probe_that_was_cancelled_gives_its_lease_back() {
    for store in Shared::all() {
        let replicas = store.replicas(2).await;
        open(&replicas).await;
        drop(probe(&replicas[0].circuit).await);
        until("the lease is back", async || {
            leases(&replicas[1]).await == 0
        })
        .await;
    }
}

#[tokio::test]
async fn a_late_verdict_changes_nothing() {
    for store in Shared::all() {
        let replicas = store.replicas(2).await;
        open(&replicas).await;
        let late = probe(&replicas[0].circuit).await;
        let reset = resilience::Command::new("it is well again");
        ordered(async || replicas[1].fleet.reset("jira", reset.clone()).await).await;
        until_all(&replicas, CircuitState::Closed).await;
        late.failure();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(
            replicas
                .iter()
                .all(|replica| replica.is(CircuitState::Closed))
        );
    }
}

#[tokio::test]
async fn a_replica_that_is_open_alone_probes_alone() {
    for store in Shared::all() {
        let replicas = store.replicas(2).await;
        replicas[0].trip();
        probe(&replicas[0].circuit).await.success();
        probe(&replicas[0].circuit).await.success();
        assert!(
            replicas[0].is(CircuitState::Closed),
            "its own settings close it"
        );
        assert_eq!(replicas[0].circuit.stats().closed, 1);
    }
}

#[tokio::test]
async fn a_would_be_prober_waits_no_longer_than_the_timeout() {
    let Some(server) = Server::start() else {
        return;
    };
    let (proxy, replicas) = behind_proxy(&server, 2).await;
    open(&replicas).await;
    until("the open time ends", async || {
        replicas[0].is(CircuitState::HalfOpen)
    })
    .await;
    proxy.stall(true);
    let circuit = replicas[0].circuit.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        (circuit.acquire_owned().is_ok(), begun.elapsed())
    });
    let (_, waited) = asked.await.expect("no panic");
    assert!(waited < Duration::from_millis(500), "{waited:?}");
    let begun = Instant::now();
    let called = replicas[1]
        .circuit
        .call_async(async { Ok::<_, io::Error>(()) })
        .await;
    assert!(begun.elapsed() < Duration::from_millis(500), "{called:?}");
}

#[circuit_breaker(name = "fleet_attribute", failure_threshold = 1, recovery_timeout = 300ms, success_threshold = 1, failure_on(_))]
async fn filtered(fails: bool) -> Result<u32, io::Error> {
    if fails {
        Err(io::Error::other("down"))
    } else {
        Ok(42)
    }
}

#[circuit_breaker(name = "fleet_plain", failure_threshold = 1, recovery_timeout = 300ms, success_threshold = 1)]
async fn plain(fails: bool) -> Result<u32, io::Error> {
    if fails {
        Err(io::Error::other("down"))
    } else {
        Ok(42)
    }
}

#[tokio::test]
async fn async_functions_ask_the_store_before_they_probe() {
    for store in Shared::all() {
        let builder = store.builder().namespace("attributes").replica("one");
        let fleet = started(builder.share(["fleet_attribute", "fleet_plain"])).await;
        assert!(filtered(true).await.is_err() && plain(true).await.is_err());
        let trip = || resilience::Command::new("all trip").for_(Duration::from_millis(300));
        for name in ["fleet_attribute", "fleet_plain"] {
            ordered(async || fleet.trip(name, trip()).await).await;
        }
        until("both obey", async || {
            let stats = ["fleet_attribute", "fleet_plain"].map(registry::stats);
            stats.iter().flatten().all(|stats| stats.command.is_some())
        })
        .await;
        until("both probe and close", async || {
            let both = (filtered(false).await.is_ok(), plain(false).await.is_ok());
            both == (true, true)
        })
        .await;
        until("the fleet closes both", async || {
            ["fleet_attribute", "fleet_plain"].iter().all(|name| {
                let past = registry::history(name);
                past.last().map(|past| past.reason) == Some(TransitionReason::Fleet)
            })
        })
        .await;
        for name in ["fleet_attribute", "fleet_plain"] {
            let reasons: Vec<_> = registry::history(name)
                .iter()
                .map(|past| past.reason)
                .collect();
            assert!(
                reasons.contains(&TransitionReason::Fleet),
                "{name}: {reasons:?}"
            );
            assert!(
                !reasons.contains(&TransitionReason::ProbesSucceeded),
                "{name}: {reasons:?}"
            );
        }
        drop(fleet);
        for name in ["fleet_attribute", "fleet_plain"] {
            registry::remove(name);
        }
    }
}

#[tokio::test]
async fn the_settings_of_the_opener_hold_for_replicas_with_others() {
    for store in Shared::all() {
        let mut replicas = Vec::new();
        for (at, seconds) in [(0, 60), (1, 60), (2, 1)] {
            let config = CONFIG.recovery_timeout(Duration::from_secs(seconds));
            replicas.push(Replica::join(store.builder(), at, config).await);
        }
        crate::replicas::settle(&replicas).await;
        open(&replicas).await;
        let open = replicas[2].circuit.acquire().expect_err("open");
        assert!(open.retry_after() > Some(Duration::from_secs(50)), "{open}");
    }
}
