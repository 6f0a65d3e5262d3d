//! Rate limits of all replicas: permits are leased in batches, and no call waits for the store.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use proptest::{prelude::*, test_runner::TestRunner};
use resilience::{RateLimit, RateLimitConfig, rate_limit, registry};
use resilience_fleet::{
    Fleet, FleetBuilder, RateLimitId, RedisStore,
    store::{FleetStore, PermitLease, Session, SharedPermits},
};
use resilience_fleet_tests::{proxy::Proxy, server::Server};
use tokio::sync::mpsc;

use crate::{
    replicas::{Shared, degraded_events, started, status_of, until},
    runtime::runtime,
};

const HOUR: Duration = Duration::from_secs(3600);

/// 400 calls may come at once, and then one in 9 s. The share of one of 4 replicas is one in 36 s.
const CONFIG: RateLimitConfig = RateLimitConfig::new(400, HOUR);

const REPLICAS: u32 = 4;

/// The calls that each replica may be ahead: a fifth of the burst, divided by the replicas.
const BATCH: u64 = 20;

/// Runs a test once with each store. A run in which a busy machine kept the store from answering
/// says nothing about the limit, so it is made again.
async fn with_each_store(
    namespace: &'static str,
    run: impl AsyncFn(&Shared) -> Result<(), String>,
) {
    let told = degraded_events(namespace);
    for shared in Shared::all() {
        until("a run without a lost store", async || {
            let result = run(&shared).await;
            let is_disturbed = !std::mem::take(&mut *told.lock().expect("no panic")).is_empty();
            is_disturbed || result.map_err(|error| panic!("{error}")).is_ok()
        })
        .await;
    }
}

struct Replica {
    limit: RateLimit,
    fleet: Fleet,
}

impl Replica {
    async fn join(builder: FleetBuilder, at: u32, config: RateLimitConfig) -> Self {
        let limit = RateLimit::new("api", config);
        let builder = builder.replica(format!("r{at}"));
        let fleet = started(builder.share_rate_limit(&limit)).await;
        Self { limit, fleet }
    }

    /// Calls until the limit refuses, and lets batches come in between, until nothing was admitted
    /// for some time.
    async fn admitted_until_refused(&self) -> u64 {
        let before = self.limit.stats().admitted;
        let mut last = Instant::now();
        while last.elapsed() < Duration::from_millis(500) {
            if self.limit.acquire().is_ok() {
                last = Instant::now();
            } else {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        self.limit.stats().admitted - before
    }
}

async fn replicas(builder: impl Fn() -> FleetBuilder, config: RateLimitConfig) -> Vec<Replica> {
    let mut replicas = Vec::new();
    for at in 0..REPLICAS {
        replicas.push(Replica::join(builder(), at, config).await);
    }
    // Each replica is told of the last one by the store. Its own question for the status is the
    // proof that it has read the lists.
    for replica in &replicas {
        until("each replica is known", async || {
            let status = replica.fleet.status().await;
            status.is_ok_and(|status| status.replicas.len() == REPLICAS as usize)
        })
        .await;
    }
    replicas
}

#[tokio::test]
async fn one_busy_replica_gets_what_the_others_do_not_use_and_all_keep_to_the_limit() {
    with_each_store("permits-busy", async |shared| {
        let builder = || shared.builder().namespace("permits-busy");
        let replicas = replicas(builder, CONFIG).await;
        let busy = replicas[0].admitted_until_refused().await;
        let mut all = busy;
        for replica in &replicas[1..] {
            all += replica.admitted_until_refused().await;
        }
        let limits = status_of(&replicas[0].fleet).await.rate_limits;
        let rest = u64::from(CONFIG.get_burst()) - BATCH;
        let most = u64::from(CONFIG.get_burst()) + BATCH * u64::from(REPLICAS + 1);
        let is_seen = matches!(&limits[..], [limit] if limit.name == "api" && limit.used > 370.0);
        if busy >= rest && all <= most && is_seen {
            return Ok(());
        }
        Err(format!(
            "{busy} of a burst of 400, {all} of at most {most}, {limits:?}"
        ))
    })
    .await;
}

#[tokio::test]
async fn the_statistics_say_how_a_limit_is_divided() {
    for shared in Shared::all() {
        let builder = || shared.builder().namespace("permits-view");
        let replicas = replicas(builder, CONFIG).await;
        for replica in &replicas {
            until("the limit is divided among all", async || {
                let view = replica.limit.stats().fleet;
                view.is_some_and(|view| {
                    let batch = u64::from(view.batch);
                    let is_led = (view.is_degraded, batch) == (false, BATCH);
                    is_led && (&*view.name, view.replicas) == ("permits-view", REPLICAS)
                })
            })
            .await;
        }
    }
}

#[tokio::test]
async fn under_load_of_all_replicas_the_rate_holds() {
    const RATE: RateLimitConfig = RateLimitConfig::new(500, Duration::from_secs(1)).burst(50);
    with_each_store("permits-load", async |shared| {
        let begun = Instant::now();
        let builder = || shared.builder().namespace("permits-load");
        let replicas = replicas(builder, RATE).await;
        while begun.elapsed() < Duration::from_secs(2) {
            for replica in &replicas {
                while replica.limit.acquire().is_ok() {}
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let admitted = replicas.iter().map(|it| it.limit.stats().admitted);
        let all = u32::try_from(admitted.sum::<u64>()).expect("some thousands");
        // A batch has 3 calls.
        let most = 50.0 + begun.elapsed().as_secs_f64() * 500.0 + f64::from(3 * (REPLICAS + 1));
        if (50.0..=most).contains(&f64::from(all)) {
            return Ok(());
        }
        Err(format!("{all} of at most {most}"))
    })
    .await;
}

#[tokio::test]
async fn without_the_store_each_replica_has_its_share_and_no_call_waits() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port);
    let replicas = replicas(|| Fleet::builder(proxy.address()), CONFIG).await;
    proxy.cut(true);
    for replica in &replicas {
        until("it is degraded", async || replica.fleet.is_degraded()).await;
        let mut slowest = Duration::ZERO;
        let mut admitted = 0;
        for _ in 0..1_000 {
            let begun = Instant::now();
            admitted += u64::from(replica.limit.acquire().is_ok());
            slowest = slowest.max(begun.elapsed());
        }
        let share = u64::from(CONFIG.get_burst()) / u64::from(REPLICAS);
        assert!((share..=share + BATCH).contains(&admitted), "{admitted}");
        assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    }
    proxy.cut(false);
    for replica in &replicas {
        until("it is restored", async || !replica.fleet.is_degraded()).await;
    }
    let first = replicas[0].limit.stats().admitted;
    until("permits are leased again", async || {
        let _ = replicas[0].limit.acquire();
        replicas[0].limit.stats().admitted > first + BATCH
    })
    .await;
}

#[tokio::test]
async fn calls_make_a_request_per_half_a_batch_at_most() {
    let Some(server) = Server::start() else {
        return;
    };
    let config = RateLimitConfig::new(1_000_000, HOUR);
    let replica = Replica::join(Fleet::builder(server.address()), 0, config).await;
    let calls = |server: &Server| {
        let answer = server.command(&["INFO", "commandstats"]);
        let of_scripts = answer
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        let number = of_scripts.and_then(|rest| rest.split(',').next()?.parse::<u64>().ok());
        number.unwrap_or(0)
    };
    until("the first batch is there", async || {
        replica.limit.acquire().is_ok() && replica.limit.acquire().is_ok()
    })
    .await;
    let (before, begun) = (calls(&server), Instant::now());
    let mut admitted = 0;
    while admitted < 400_000 {
        match replica.limit.acquire() {
            Ok(()) => admitted += 1,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    // A batch has 200,000 calls. The timers of the replica make some requests, too. A machine that
    // is busy for 50 ms repeats a request, so ten times as many are allowed.
    let timers = 2 + 2 * begun.elapsed().as_secs();
    let made = calls(&server) - before;
    assert!(
        made <= 10 * (4 + timers),
        "{made} requests for 400,000 calls"
    );
}

/// The calls of each tenant.
#[rate_limit(2, per = 1h, name = "fleet_tenants", key = tenant)]
fn of_tenant(tenant: &str) -> Result<(), resilience::RateLimited> {
    let _ = tenant;
    Ok(())
}

#[tokio::test]
async fn rate_limits_of_the_registry_are_shared_by_name_and_each_key_by_itself() {
    let store = resilience_fleet::store::MemoryStore::new();
    let fleet = Fleet::with_store(store)
        .replica("one")
        .share_rate_limits(["fleet_tenants", "fleet_single"])
        .start()
        .await
        .expect("the store is there");
    registry::get_or_register_rate_limit("fleet_single", CONFIG);
    registry::get_or_register_rate_limit("fleet_not_shared", CONFIG);
    for tenant in ["a", "b"] {
        of_tenant(tenant).expect("the first call of the tenant");
    }
    let shared = async || {
        let status = fleet.status().await.expect("the store is there");
        let limits = status.rate_limits.into_iter();
        limits
            .map(|limit| ((limit.name, limit.key), limit.used))
            .collect::<BTreeMap<_, _>>()
    };
    let id = |name: &str, key: Option<&str>| (name.to_owned(), key.map(str::to_owned));
    until("each limit has its own permits", async || {
        let shared = shared().await;
        let of = |tenant| shared.get(&id("fleet_tenants", Some(tenant)));
        shared.len() == 3 && of("a") > Some(&0.0) && of("b") > Some(&0.0)
    })
    .await;
    assert!(shared().await.contains_key(&id("fleet_single", None)));
    drop(fleet);
}

#[test]
fn the_script_of_permits_equals_the_reference() {
    let Some(server) = Server::start() else {
        return;
    };
    let runtime = runtime();
    let session = runtime.block_on(async {
        let store = RedisStore::new(server.address(), "permits").expect("an address");
        let (pushes, _kept) = mpsc::unbounded_channel();
        store.connect(pushes).await.expect("the store is there")
    });
    let config = ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let number = std::cell::Cell::new(0);
    let limits = prop_oneof![1..50_u32, Just(u32::MAX)];
    let times = prop_oneof![
        (1..20_000_u64).prop_map(Duration::from_micros),
        Just(Duration::from_nanos(1)),
        Just(Duration::MAX)
    ];
    let lease = (limits.clone(), times, limits, 0..30_u32, 0..20_u64).prop_map(
        |(limit, per, burst, wanted, spent)| PermitLease {
            limit,
            per,
            burst,
            wanted,
            spent: spent.saturating_sub(10),
        },
    );
    let steps = prop::collection::vec((0..1_500_u64, lease), 1..20);
    let result = TestRunner::new(config).run(&steps, |steps| {
        number.set(number.get() + 1);
        let id = RateLimitId::new("limit", Some(&number.get().to_string()));
        let mut reference = SharedPermits::default();
        for (pause, lease) in &steps {
            std::thread::sleep(Duration::from_micros(*pause));
            let reply = runtime.block_on(session.lease_permits(&id, lease));
            let reply = reply.map_err(|error| TestCaseError::fail(error.to_string()))?;
            // The server's clock decides, so the reference gets the moment that the server had.
            prop_assert_eq!(reply, reference.request(lease, reply.at), "{:?}", lease);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
