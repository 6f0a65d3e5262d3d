//! Replicas as handles in this process, each with its own circuit of one name.

use std::time::{Duration, Instant};

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState, TransitionReason, events};
use resilience_fleet::{Fleet, FleetBuilder, FleetStatus, store::MemoryStore};
use resilience_fleet_tests::{proxy::Proxy, server::Server};

/// Opens at the second failure, and probes after 400 ms.
pub(crate) const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(2)
    .recovery_timeout(Duration::from_millis(400));

/// The limit for a change that the store tells of. It is ten times the promise.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The limit for a change behind a lost store. It is ten times the longest pause between two
/// attempts to reach one.
pub(crate) const RESTORED: Duration = Duration::from_secs(50);

/// A store that several replicas share.
pub(crate) enum Shared {
    Redis(Server),
    Memory(MemoryStore),
}

impl Shared {
    /// Both stores, so that each test of them runs with both. Without a server there is one.
    pub(crate) fn all() -> Vec<Self> {
        let server = Server::start().map(Self::Redis);
        server
            .into_iter()
            .chain([Self::Memory(MemoryStore::new())])
            .collect()
    }

    pub(crate) fn builder(&self) -> FleetBuilder {
        match self {
            Self::Redis(server) => Fleet::builder(server.address()),
            Self::Memory(store) => Fleet::with_store(store.clone()),
        }
    }

    pub(crate) async fn replicas(&self, number: usize) -> Vec<Replica> {
        join_all(number, CONFIG, || self.builder()).await
    }
}

/// A replica with a circuit.
pub(crate) struct Replica {
    pub(crate) circuit: CircuitBreaker,
    pub(crate) fleet: Fleet,
}

impl Replica {
    pub(crate) async fn join(
        builder: FleetBuilder,
        at: usize,
        config: CircuitBreakerConfig,
    ) -> Self {
        let circuit = CircuitBreaker::new("jira", config);
        let builder = builder.namespace("test").replica(format!("r{at}"));
        let fleet = started(builder.share_circuit(&circuit)).await;
        Self { circuit, fleet }
    }

    pub(crate) fn trip(&self) {
        while let Ok(permit) = self.circuit.acquire() {
            permit.failure();
        }
    }

    pub(crate) fn succeed(&self, times: u32) {
        for _ in 0..times {
            self.circuit.acquire().expect("closed").success();
        }
    }

    pub(crate) fn is(&self, state: CircuitState) -> bool {
        self.circuit.state() == state
    }

    pub(crate) fn reason(&self) -> Option<TransitionReason> {
        self.circuit.acquire().err().map(|open| open.reason())
    }
}

/// Starts a fleet whose store is there. A busy machine may need longer than a start has.
pub(crate) async fn started(builder: FleetBuilder) -> Fleet {
    let fleet = builder.start_degraded(true).start().await;
    let fleet = fleet.expect("the store is there");
    until("the store is reached", async || !fleet.is_degraded()).await;
    fleet
}

/// Replicas that know each other.
pub(crate) async fn join_all(
    number: usize,
    config: CircuitBreakerConfig,
    builder: impl Fn() -> FleetBuilder,
) -> Vec<Replica> {
    let mut replicas = Vec::new();
    for at in 0..number {
        replicas.push(Replica::join(builder(), at, config).await);
    }
    settle(&replicas).await;
    replicas
}

/// Gives a command, again and again until the store answers in time. It has 50 ms, and a machine
/// may be busy for longer.
pub(crate) async fn ordered<E>(mut give: impl AsyncFnMut() -> Result<(), E>) {
    until("the command is taken", async || give().await.is_ok()).await;
}

/// The state of the fleet, when the store answers in time.
pub(crate) async fn status_of(fleet: &Fleet) -> FleetStatus {
    let mut status = None;
    until("the status is read", async || {
        status = fleet.status().await.ok();
        status.is_some()
    })
    .await;
    status.expect("it is read")
}

/// Waits until each replica knows all of them, so that their votes are counted against all.
pub(crate) async fn settle(replicas: &[Replica]) {
    for replica in replicas {
        until("each replica is known", async || {
            let status = replica.fleet.status().await;
            status.is_ok_and(|status| {
                let known = status.circuits.iter().map(|circuit| circuit.replicas);
                known.min() >= Some(u32::try_from(replicas.len()).expect("few"))
            })
        })
        .await;
    }
}

/// Waits until the condition holds, for as long as [`SOON`].
pub(crate) async fn until(what: &str, condition: impl AsyncFnMut() -> bool) {
    until_within(SOON, what, condition).await;
}

pub(crate) async fn until_within(
    limit: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn until_all(replicas: &[Replica], state: CircuitState) {
    until(&format!("all are {state}"), async || {
        replicas.iter().all(|replica| replica.is(state))
    })
    .await;
}

/// Makes each replica call until all are closed.
pub(crate) async fn recover(replicas: &[Replica], call: impl AsyncFn(&Replica)) {
    until("all are closed", async || {
        for replica in replicas {
            call(replica).await;
        }
        replicas.iter().all(|it| it.is(CircuitState::Closed))
    })
    .await;
}

/// Replicas over a server behind a proxy.
pub(crate) async fn behind_proxy(server: &Server, number: usize) -> (Proxy, Vec<Replica>) {
    let proxy = Proxy::start(server.port);
    let replicas = join_all(number, CONFIG, || Fleet::builder(proxy.address())).await;
    (proxy, replicas)
}

/// Counts the events of the fleets of that namespace.
pub(crate) fn degraded_events(
    namespace: &'static str,
) -> std::sync::Arc<std::sync::Mutex<Vec<String>>> {
    let told = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let kept = std::sync::Arc::clone(&told);
    events::subscribe(move |event| {
        let text = match event.kind {
            events::EventKind::FleetDegraded { fleet, cause, .. } if fleet == namespace => {
                format!("degraded {cause}")
            }
            events::EventKind::FleetRestored { fleet, .. } if fleet == namespace => {
                "restored".to_owned()
            }
            _ => return,
        };
        kept.lock().expect("no panic").push(text);
    })
    .forget();
    told
}
