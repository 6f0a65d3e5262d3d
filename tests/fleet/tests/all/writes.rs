//! The server is killed, or only the connections to it are cut, before and after each single write
//! in the life of a circuit: start, trip, opening, probes, closing and commands.

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, Command};
use resilience_fleet::{Fleet, FleetStatus};
use resilience_fleet_tests::{
    server::Server,
    tap::{Moment, Tap},
};

use crate::{
    replicas::{RESTORED, Replica, recover, until_all, until_within},
    runtime::block_on,
};

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .recovery_timeout(Duration::from_millis(150))
    .success_threshold(2);

const PROBE_WAIT: Duration = Duration::from_millis(50);

/// The calls of all lives, and those of them that took ten times as long as a probe may wait.
static CALLS: AtomicU32 = AtomicU32::new(0);
static SLOW_CALLS: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy, Debug)]
enum Loss {
    /// The connections end, and the server keeps everything.
    Connections,
    /// The server is killed, and an empty one takes its place.
    Server,
}

#[derive(Clone, Copy, Debug)]
struct Fault {
    number: usize,
    moment: Moment,
    loss: Loss,
}

/// A server behind a tap. It is replaced by an empty one when it is killed.
struct Store {
    /// It ends with this.
    _server: Arc<Mutex<Option<Server>>>,
    tap: Tap,
}

impl Store {
    fn start(fault: Option<Fault>) -> Option<Self> {
        let server = Server::start()?;
        let port = server.port;
        let server = Arc::new(Mutex::new(Some(server)));
        let line = Arc::<Mutex<Option<resilience_fleet_tests::tap::Line>>>::default();
        // The tap outlives the test, and must not keep the server.
        let (of_fault, its_line) = (Arc::downgrade(&server), Arc::clone(&line));
        let kills = matches!(fault.map(|it| it.loss), Some(Loss::Server));
        let place = fault.map(|it| (it.number, it.moment));
        let tap = Tap::start(port, place, move |target| {
            if !kills {
                return;
            }
            if let Some(server) = of_fault.upgrade() {
                *server.lock().expect("no panic") = None;
            }
            // Nobody listens there.
            *target = 1;
            let (server, line) = (Weak::clone(&of_fault), Arc::clone(&its_line));
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(150));
                let next = Server::start().expect("it is not skipped");
                let port = next.port;
                let Some(server) = server.upgrade() else {
                    return;
                };
                *server.lock().expect("no panic") = Some(next);
                let line = line.lock().expect("no panic").clone();
                line.expect("the tap is there").lead_to(port);
            });
        });
        *line.lock().expect("no panic") = Some(tap.line());
        Some(Self {
            _server: server,
            tap,
        })
    }
}

/// Waits until the condition holds, which a lost store may hold up.
async fn until(what: &str, condition: impl AsyncFnMut() -> bool) {
    until_within(RESTORED, what, condition).await;
}

async fn call(replica: &Replica, works: bool) {
    let begun = Instant::now();
    let called = replica.circuit.call_async(async {
        if works {
            Ok(())
        } else {
            Err(io::Error::other("down"))
        }
    });
    let called = called.await;
    let took = begun.elapsed();
    // A would-be probe waits for 50 ms at most. Ten times that is asserted for most calls, because
    // a busy machine may hold up any of them.
    assert!(took < Duration::from_secs(5), "{took:?}: {called:?}");
    CALLS.fetch_add(1, Ordering::Relaxed);
    SLOW_CALLS.fetch_add(u32::from(took > 10 * PROBE_WAIT), Ordering::Relaxed);
}

async fn succeed(replica: &Replica) {
    call(replica, true).await;
}

/// Both replicas fail, and open by their own decisions.
async fn fail(replicas: &[Replica]) {
    for replica in replicas {
        let before = replica.circuit.stats().opened;
        until("it opens", async || {
            call(replica, false).await;
            replica.circuit.stats().opened > before
        })
        .await;
    }
}

async fn status(replica: &Replica, condition: impl Fn(&FleetStatus) -> bool) -> bool {
    replica.fleet.status().await.is_ok_and(|it| condition(&it))
}

/// The life of a circuit with a fault in it. Returns the number of writes, and the write at the
/// fault.
async fn live(fault: Option<Fault>) -> Option<(usize, Option<String>)> {
    let store = Store::start(fault)?;
    let mut replicas = Vec::new();
    for at in 0..2 {
        let circuit = CircuitBreaker::new("jira", CONFIG);
        let builder = Fleet::builder(store.tap.address()).namespace("test");
        let builder = builder.replica(format!("r{at}")).share_circuit(&circuit);
        let fleet = builder.start_degraded(true).start().await;
        let fleet = fleet.expect("it starts without the store, too");
        replicas.push(Replica { circuit, fleet });
    }
    until("both know each other", async || {
        status(&replicas[1], |it| it.circuits[0].replicas == 2).await
    })
    .await;
    fail(&replicas).await;
    recover(&replicas, succeed).await;
    for isolates in [true, false] {
        until("the command is taken", async || {
            let command = Command::new("maintenance");
            let given = if isolates {
                replicas[0].fleet.isolate("jira", command).await
            } else {
                replicas[0].fleet.reset("jira", command).await
            };
            given.is_ok()
        })
        .await;
        until("both obey", async || {
            replicas
                .iter()
                .all(|it| it.circuit.stats().isolated == isolates)
        })
        .await;
    }
    nothing_is_stuck(&replicas).await;
    let result = (store.tap.writes(), store.tap.broken_at());
    drop(replicas);
    drop(store);
    Some(result)
}

/// The fleet is closed, and a second outage opens it and ends as well.
async fn nothing_is_stuck(replicas: &[Replica]) {
    until("the store is reached", async || {
        replicas.iter().all(|it| !it.fleet.is_degraded())
    })
    .await;
    until("the fleet is closed", async || {
        // A circuit that closed alone tells the fleet when it has succeeded since then.
        recover(replicas, succeed).await;
        status(&replicas[0], |it| {
            let circuit = &it.circuits[0];
            (circuit.state, circuit.leases) == (CircuitState::Closed, 0)
        })
        .await
    })
    .await;
    until_all(replicas, CircuitState::Closed).await;
    until("the fleet opens", async || {
        for replica in replicas {
            call(replica, false).await;
        }
        status(&replicas[1], |it| {
            it.circuits[0].state != CircuitState::Closed
        })
        .await
    })
    .await;
    until("the fleet closes", async || {
        recover(replicas, succeed).await;
        status(&replicas[1], |it| {
            it.circuits[0].state == CircuitState::Closed
        })
        .await
    })
    .await;
}

fn run(fault: Option<Fault>) -> Option<(usize, Option<String>)> {
    block_on(live(fault))
}

#[test]
fn the_server_may_be_lost_before_and_after_each_write() {
    let Some((writes, _)) = run(None) else {
        return;
    };
    assert!(writes > 15, "{writes} writes");
    let mut faults = Vec::new();
    for number in 1..=writes {
        for loss in [Loss::Connections, Loss::Server] {
            let moments = [Moment::Before, Moment::After];
            faults.extend(moments.map(|moment| Fault {
                number,
                moment,
                loss,
            }));
        }
    }
    let (faults, broken) = (Mutex::new(faults), Mutex::new(BTreeSet::new()));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let next = faults.lock().expect("no panic").pop();
                    let Some(fault) = next else { break };
                    // A panic names its thread.
                    let thread = thread::Builder::new().name(format!("{fault:?}"));
                    let life = thread.spawn(move || run(Some(fault))).expect("a thread");
                    let ended = life.join().expect("a life without a panic");
                    let (_, at) = ended.expect("it is not skipped");
                    broken.lock().expect("no panic").extend(at);
                }
            });
        }
    });
    let (calls, slow) = (
        CALLS.load(Ordering::Relaxed),
        SLOW_CALLS.load(Ordering::Relaxed),
    );
    assert!(slow <= calls / 20, "{slow} of {calls} calls are slow");
    let broken = broken.into_inner().expect("no panic");
    // A count of the votes is asked for in some lives only, because a circuit may recover before
    // the grace is over. `votes_are_counted_although_their_voters_could_not_ask_for_it` loses each
    // of them.
    for write in [
        "command",
        "format",
        "heartbeat",
        "lease",
        "note",
        "verdict",
        "vote",
    ] {
        assert!(
            broken.contains(write),
            "{write} was never broken: {broken:?}"
        );
    }
}
