//! The limits and the timers of a replica, seen by a store that notes its requests and fails on
//! demand.

use std::time::{Duration, Instant};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, Command,
    events::{self, EventKind},
    registry,
};
use resilience_fleet::{
    Fleet, FleetErrorKind,
    store::{MemoryStore, Push, StoreErrorKind},
};

use crate::{
    replicas::{CONFIG, Replica, SOON, degraded_events, ordered, settle, status_of, until},
    watched_store::{ANY, Failure, Watched},
};

async fn join(store: &Watched, at: usize, config: CircuitBreakerConfig) -> Replica {
    Replica::join(Fleet::with_store(store.clone()), at, config).await
}

async fn votes(replica: &Replica) -> Option<u32> {
    let status = replica.fleet.status().await.ok()?;
    Some(status.circuits[0].votes)
}

#[tokio::test]
async fn two_failures_in_a_row_are_survived_and_three_begin_local_mode() {
    let told = degraded_events("three_in_a_row");
    let store = Watched::new(&MemoryStore::new());
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::with_store(store.clone()).namespace("three_in_a_row");
    let fleet = builder.share_circuit(&circuit).start().await;
    let fleet = fleet.expect("the store is there");
    store.fail(ANY, Failure::Error, 2);
    until("two requests fail", async || store.failures() == 0).await;
    // The request behind them succeeds, so that the count begins anew.
    let before = store.count("changes");
    until("one succeeds", async || store.count("changes") > before).await;
    store.fail(ANY, Failure::Error, 2);
    until("two more fail", async || store.failures() == 0).await;
    let before = store.count("changes");
    until("one succeeds", async || store.count("changes") > before).await;
    assert!(!fleet.is_degraded());
    assert_eq!(*told.lock().expect("no panic"), Vec::<String>::new());
    store.fail(ANY, Failure::Hangs, 3);
    until("it is told", async || {
        *told.lock().expect("no panic") == ["degraded timeout", "restored"]
    })
    .await;
}

/// A store that takes no write answers the reads of each poll, so that no three requests in a row
/// fail.
#[tokio::test]
async fn writes_that_fail_between_reads_that_succeed_make_no_loop_of_requests() {
    const TIMES: usize = 20_000;
    for (failing, failure) in [
        ("list", Failure::Refuses),
        ("vote", Failure::Refuses),
        ("vote", Failure::Error),
    ] {
        let store = Watched::new(&MemoryStore::new());
        let replica = join(&store, 0, CONFIG.recovery_timeout(SOON)).await;
        store.fail(failing, failure, TIMES);
        if failing == "list" {
            // The next sign of life fails, so that the list has to be sent again.
            store.fail("heartbeat", failure, 1);
        } else {
            replica.trip();
        }
        until("it fails", async || store.failures() < TIMES).await;
        let before = store.count(ANY);
        tokio::time::sleep(Duration::from_secs(3)).await;
        let made = store.count(ANY) - before;
        println!("{made} requests in 3 s while each {failing} fails");
        assert!(made <= 150, "{made} requests");
        if matches!(failure, Failure::Refuses) {
            until("it is degraded", async || replica.fleet.is_degraded()).await;
        }
    }
}

#[tokio::test]
async fn a_change_whose_reading_failed_is_read_again() {
    let shared = MemoryStore::new();
    let mut deaf = Watched::new(&shared);
    deaf.hears_pushes = false;
    let replica = join(&deaf, 0, CONFIG).await;
    let other = join(&Watched::new(&shared), 1, CONFIG).await;
    deaf.fail("read", Failure::Error, 1);
    ordered(async || other.fleet.isolate("jira", Command::new("x")).await).await;
    // The log of changes tells of it once.
    until("it is isolated", async || replica.circuit.stats().isolated).await;
    assert_eq!(deaf.failures(), 0);
}

#[tokio::test]
async fn replicas_that_come_at_once_are_read_once() {
    let store = Watched::new(&MemoryStore::new());
    let replica = join(&store, 0, CONFIG).await;
    let before = store.count("members");
    store.fail("members", Failure::Hangs, 1);
    store.push(&Push::Members);
    until("it reads", async || store.count("members") > before).await;
    for _ in 0..100 {
        store.push(&Push::Members);
    }
    until("it reads again", async || {
        store.count("members") > before + 1
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let read = store.count("members") - before;
    assert!(read <= 10, "{read} for a hundred");
    assert!(!replica.fleet.is_degraded());
}

#[tokio::test]
async fn an_objection_that_the_store_did_not_answer_is_made_again() {
    let shared = MemoryStore::new();
    let well = Watched::new(&shared);
    let replicas = [
        join(&well, 0, CONFIG).await,
        join(&Watched::new(&shared), 1, CONFIG).await,
    ];
    settle(&replicas).await;
    replicas[0].succeed(3);
    well.fail("object", Failure::Error, 1);
    replicas[1].trip();
    until("the objection counts", async || {
        status_of(&replicas[1].fleet).await.circuits[0].objections == 1
    })
    .await;
    assert_eq!((well.failures(), well.count("object")), (0, 2));
}

/// The thread that applies commands may be late, and the circuit is open until then.
#[tokio::test]
async fn a_vote_that_the_store_lost_is_not_sent_again_once_a_command_resets_the_circuit() {
    let store = Watched::new(&MemoryStore::new());
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let circuits = ["jira", "slow"].map(|name| CircuitBreaker::new(name, config));
    let (telling, told) = std::sync::mpsc::channel();
    circuits[1].on_transition(move |_| {
        telling.send(()).expect("the test waits");
        std::thread::sleep(Duration::from_secs(4));
    });
    let mut builder = Fleet::with_store(store.clone()).namespace("late_reset");
    for circuit in &circuits {
        builder = builder.share_circuit(circuit);
    }
    let fleet = builder.start().await.expect("the store is there");
    // The first command that a replica sees is no reset for it.
    ordered(async || fleet.isolate("jira", Command::new("x")).await).await;
    ordered(async || fleet.reset("jira", Command::new("x")).await).await;
    until("it is closed", async || {
        circuits[0].state() == CircuitState::Closed
    })
    .await;
    store.fail("vote", Failure::IsVoid, 100);
    while let Ok(permit) = circuits[0].acquire() {
        permit.failure();
    }
    until("it votes", async || store.count("vote") > 0).await;
    ordered(async || fleet.isolate("slow", Command::new("x")).await).await;
    until("the thread is busy", async || told.try_recv().is_ok()).await;
    ordered(async || fleet.reset("jira", Command::new("x")).await).await;
    let (votes, polls) = (store.count("vote"), store.count("changes"));
    until("it polls", async || store.count("changes") >= polls + 2).await;
    assert_eq!(store.count("vote"), votes);
}

/// A listener that sends an alert may block for as long as it likes.
#[tokio::test]
async fn a_listener_of_the_events_of_the_fleet_holds_up_no_probe_and_no_command() {
    const FLEET: &str = "slow_listener";
    const BLOCKED: Duration = Duration::from_secs(2);
    let (telling, told) = std::sync::mpsc::channel();
    let subscription = events::subscribe(move |event| {
        if let EventKind::FleetRestored { fleet: FLEET, .. } = event.kind {
            telling.send(()).expect("the test waits");
            std::thread::sleep(BLOCKED);
        }
    });
    let store = MemoryStore::new();
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::with_store(store.clone()).namespace(FLEET);
    let fleet = builder.share_circuit(&circuit).start().await;
    let fleet = fleet.expect("the store is there");
    let trip = || Command::new("x").for_(Duration::from_millis(200));
    ordered(async || fleet.trip("jira", trip()).await).await;
    until("it would probe", async || {
        circuit.state() == CircuitState::HalfOpen
    })
    .await;
    store.cut(true);
    until("the store is lost", async || fleet.is_degraded()).await;
    store.cut(false);
    until("the listener is called", async || told.try_recv().is_ok()).await;
    let begun = Instant::now();
    drop(circuit.acquire_async().await);
    drop(fleet.isolate("jira", Command::new("x")).await);
    let took = begun.elapsed();
    assert!(took < BLOCKED / 2, "{took:?}");
    drop(subscription);
}

#[tokio::test]
async fn a_request_and_a_command_are_given_up_after_the_limit_of_the_fleet() {
    let store = Watched::new(&MemoryStore::new());
    let replica = join(&store, 0, CONFIG).await;
    store.fail("command", Failure::Hangs, 1);
    let begun = Instant::now();
    let given = replica.fleet.isolate("jira", Command::new("x")).await;
    // Within 100 ms is promised; ten times that is asserted.
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    let kind = given.expect_err("it hangs").kind();
    assert_eq!(kind, FleetErrorKind::Store(StoreErrorKind::Timeout));
    assert!(replica.is(CircuitState::Closed));
    // The next one is well.
    ordered(async || replica.fleet.isolate("jira", Command::new("x")).await).await;
}

#[tokio::test]
async fn a_replica_writes_its_list_at_its_start_and_at_a_change_and_else_a_sign_of_life() {
    const NAME: &str = "fleet_interface_late";
    let store = Watched::new(&MemoryStore::new());
    let circuit = CircuitBreaker::new("jira", CONFIG);
    let builder = Fleet::with_store(store.clone()).share([NAME]);
    let fleet = builder.share_circuit(&circuit).start().await;
    let _fleet = fleet.expect("the store is there");
    assert_eq!((store.count("list"), store.count("heartbeat")), (1, 0));
    registry::get_or_register(NAME, CONFIG);
    until("the list is written again", async || {
        store.count("list") == 2
    })
    .await;
    until("it gives a sign of life", async || {
        store.count("heartbeat") == 1
    })
    .await;
    let between = store.moments("heartbeat")[0] - store.moments("list")[0];
    assert!(between > Duration::from_secs(9), "{between:?}");
    assert_eq!(store.count("list"), 2);
    registry::remove(NAME);
}

#[tokio::test]
async fn a_poll_is_the_net_under_lost_pushes() {
    let inner = MemoryStore::new();
    let (hearing, mut deaf) = (Watched::new(&inner), Watched::new(&inner));
    deaf.hears_pushes = false;
    let replicas = [
        join(&hearing, 0, CONFIG).await,
        join(&deaf, 1, CONFIG).await,
    ];
    ordered(async || replicas[0].fleet.isolate("jira", Command::new("x")).await).await;
    until("the deaf one obeys", async || {
        replicas[1].circuit.stats().isolated
    })
    .await;
    until("it polls", async || deaf.count("changes") >= 4).await;
    let polls = deaf.moments("changes");
    // The first one is a part of the start.
    let pauses = polls[1..].windows(2).map(|two| two[1] - two[0]);
    assert!(pauses.min() > Some(Duration::from_millis(500)), "{polls:?}");
}

#[tokio::test]
async fn after_a_reconnect_everything_is_read_once_and_pushes_are_heard() {
    let inner = MemoryStore::new();
    let (store, other) = (Watched::new(&inner), Watched::new(&inner));
    let circuits = ["jira", "billing", "mail"].map(|name| CircuitBreaker::new(name, CONFIG));
    let mut builder = Fleet::with_store(store.clone())
        .namespace("test")
        .replica("r0");
    for circuit in &circuits {
        builder = builder.share_circuit(circuit);
    }
    let fleet = builder.start().await.expect("the store is there");
    let replica = join(&other, 1, CONFIG).await;
    inner.cut(true);
    until("it is degraded", async || fleet.is_degraded()).await;
    let before = store.count("read 3");
    inner.cut(false);
    until("it is restored", async || !fleet.is_degraded()).await;
    assert_eq!(store.count("read 3"), before + 1);
    until("the other is restored, too", async || {
        !replica.fleet.is_degraded()
    })
    .await;
    let reads = store.count("read 1");
    ordered(async || replica.fleet.isolate("jira", Command::new("x")).await).await;
    until("it obeys", async || circuits[0].stats().isolated).await;
    assert!(
        store.count("read 1") > reads,
        "a push makes it read the circuit"
    );
}

#[tokio::test]
async fn votes_are_counted_although_their_voters_could_not_ask_for_it() {
    let inner = MemoryStore::new();
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let (mut stores, mut replicas) = (Vec::new(), Vec::new());
    for at in 0..3 {
        stores.push(Watched::new(&inner));
        replicas.push(join(&stores[at], at, config).await);
    }
    settle(&replicas).await;
    for at in 0..2 {
        stores[at].fail("settle", Failure::Error, 1);
        replicas[at].trip();
    }
    until("both questions are lost", async || {
        stores.iter().all(|store| store.failures() == 0)
    })
    .await;
    until("the third one opens", async || {
        replicas[2].is(CircuitState::Open)
    })
    .await;
}

#[tokio::test]
async fn a_vote_that_the_store_lost_is_sent_again_after_the_reconnect() {
    let inner = MemoryStore::new();
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let voter = join(&Watched::new(&inner), 0, config).await;
    let other = join(&Watched::new(&inner), 1, config).await;
    voter.trip();
    until("the vote is there", async || votes(&other).await == Some(1)).await;
    inner.cut(true);
    until("it is degraded", async || voter.fleet.is_degraded()).await;
    inner.clear();
    inner.cut(false);
    until("the vote is there again", async || {
        votes(&other).await == Some(1)
    })
    .await;
}

#[tokio::test]
async fn a_vote_that_came_too_early_is_sent_again() {
    let inner = MemoryStore::new();
    let config = CONFIG.recovery_timeout(Duration::from_secs(60));
    let store = Watched::new(&inner);
    let voter = join(&store, 0, config).await;
    store.fail("vote", Failure::IsVoid, 1);
    voter.trip();
    until("it is void", async || store.failures() == 0).await;
    until("the vote is there", async || votes(&voter).await == Some(1)).await;
}

#[tokio::test]
async fn a_vote_whose_window_is_over_is_not_sent_after_the_reconnect() {
    let inner = MemoryStore::new();
    let config = CONFIG
        .recovery_timeout(Duration::from_secs(60))
        .failure_window(Duration::from_secs(1));
    let store = Watched::new(&inner);
    let voter = join(&store, 0, config).await;
    inner.cut(true);
    until("it is degraded", async || voter.fleet.is_degraded()).await;
    voter.trip();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    inner.cut(false);
    until("it is restored", async || !voter.fleet.is_degraded()).await;
    let polls = store.count("changes");
    until("it polls", async || store.count("changes") > polls + 1).await;
    assert_eq!(store.count("vote"), 0);
    assert_eq!(votes(&voter).await, Some(0));
}

#[tokio::test]
async fn a_circuit_that_closed_while_the_store_was_lost_closes_for_all_when_it_succeeds() {
    let inner = MemoryStore::new();
    let alone = join(&Watched::new(&inner), 0, CONFIG).await;
    // It follows the fleet, and nobody calls it.
    let idle = join(&Watched::new(&inner), 1, CONFIG).await;
    ordered(async || idle.fleet.trip("jira", Command::new("x")).await).await;
    let all = [&alone, &idle];
    until("both are open", async || {
        all.iter().all(|it| it.circuit.stats().opened == 1)
    })
    .await;
    inner.cut(true);
    until("both are degraded", async || {
        all.iter().all(|it| it.fleet.is_degraded())
    })
    .await;
    until("it closes alone", async || {
        if let Ok(permit) = alone.circuit.acquire() {
            permit.success();
        }
        alone.is(CircuitState::Closed)
    })
    .await;
    inner.cut(false);
    until("both are restored", async || {
        all.iter().all(|it| !it.fleet.is_degraded())
    })
    .await;
    assert!(idle.is(CircuitState::HalfOpen), "nobody has called it");
    until("the fleet closes", async || {
        alone.circuit.acquire().expect("closed").success();
        idle.is(CircuitState::Closed)
    })
    .await;
    let status = status_of(&idle.fleet).await;
    assert_eq!(status.circuits[0].state, CircuitState::Closed);
}

#[tokio::test]
async fn a_full_queue_drops_messages_counts_them_and_delays_no_call() {
    const CIRCUITS: u64 = 400;
    let store = Watched::new(&MemoryStore::new());
    let config = CONFIG.failure_threshold(1);
    let circuits: Vec<_> = (0..CIRCUITS)
        .map(|at| CircuitBreaker::new(format!("circuit-{at}"), config))
        .collect();
    let mut builder = Fleet::with_store(store.clone()).namespace("full");
    for circuit in &circuits {
        builder = builder.share_circuit(circuit);
    }
    let fleet = builder.start().await.expect("a store in memory");
    store.fail("vote", Failure::Blocks, 1);
    let mut slowest = Duration::ZERO;
    for circuit in &circuits {
        let begun = Instant::now();
        circuit.acquire().expect("closed").failure();
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    assert!(circuits.iter().all(|it| it.state() == CircuitState::Open));
    let mut status = None;
    until("the thread goes on", async || {
        status = fleet.status().await.ok();
        status.is_some()
    })
    .await;
    let dropped = status.expect("a status").dropped;
    // The queue has room for 128.
    assert!((1..=CIRCUITS - 128).contains(&dropped), "{dropped}");
}

#[tokio::test]
async fn a_would_be_probe_is_refused_after_its_longest_wait_although_store_or_thread_hang() {
    let store = Watched::new(&MemoryStore::new());
    let replica = join(&store, 0, CONFIG).await;
    let command = Command::new("x").for_(Duration::from_millis(100));
    ordered(async || replica.fleet.trip("jira", command.clone()).await).await;
    // A sync call has its own clock. The clock of an async one is the limit of the thread's
    // request.
    for (is_async, failure) in [(true, Failure::Hangs), (false, Failure::Blocks)] {
        until("it would probe", async || {
            replica.is(CircuitState::HalfOpen)
        })
        .await;
        store.fail("lease", failure, 1);
        let begun = Instant::now();
        let called = if is_async {
            let body = async { Ok::<_, std::io::Error>(()) };
            replica.circuit.call_async(body).await.is_ok()
        } else {
            replica.circuit.call(|| Ok::<_, std::io::Error>(())).is_ok()
        };
        let took = begun.elapsed();
        // It waits for 50 ms at most; ten times that is asserted.
        assert!(!called && took < Duration::from_millis(500), "{took:?}");
        until("the question is over", async || store.failures() == 0).await;
        // The lease that came too late ends by itself.
        until("the fleet has no probe", async || {
            let status = replica.fleet.status().await;
            status.is_ok_and(|it| it.circuits[0].leases == 0)
        })
        .await;
    }
}
