//! A circuit for each tenant: the shard of one tenant is down, the others are served, and 100,000
//! tenants that somebody invents do no harm.
//!
//! `cargo run -p resilience-example-services --bin tenants`

use std::time::{Duration, Instant};

use resilience::{CircuitOpen, CircuitState, circuit_breaker, registry};
use resilience_example_services::{peers::Shards, timeline};
use tokio::time::sleep;

const TENANTS: [&str; 4] = ["aurora", "borealis", "cirrus", "dawn"];
/// The tenant whose shard is down.
const BROKEN: &str = TENANTS[0];
const CALLS: u64 = 20;
const THRESHOLD: u64 = 5;
const RECOVERY: Duration = Duration::from_secs(5);
const MAX_KEYS: u64 = 100;
const INVENTED: u32 = 100_000;

struct Search {
    http: reqwest::Client,
    url: String,
}

impl Search {
    #[circuit_breaker(
        name = "search",
        key = tenant,
        max_keys = 100,
        idle = 10m,
        failure_threshold = 5,
        recovery_timeout = RECOVERY,
        success_threshold = 1,
        ignore(SearchError::UnknownTenant),
    )]
    async fn search(&self, tenant: &str) -> Result<String, SearchError> {
        if !TENANTS.contains(&tenant) {
            return Err(SearchError::UnknownTenant);
        }
        let url = format!("{}/search/{tenant}", self.url);
        let response = self.http.get(url).send().await?.error_for_status()?;
        Ok(response.text().await?)
    }
}

#[derive(Debug, thiserror::Error)]
enum SearchError {
    #[error("there is no such tenant")]
    UnknownTenant,
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shards = Shards::start(BROKEN);
    let search = Search {
        http: reqwest::Client::builder().no_proxy().build()?,
        url: shards.url(),
    };

    timeline::chapter(format_args!("The shard of {BROKEN} is down"));
    for _ in 0..CALLS {
        for tenant in TENANTS {
            let found = search.search(tenant).await;
            assert_eq!(found.is_ok(), tenant != BROKEN);
        }
    }
    for tenant in TENANTS {
        print_tenant(tenant, &shards);
    }
    assert_eq!(shards.requests(BROKEN), THRESHOLD, "the rest was refused");
    for tenant in &TENANTS[1..] {
        assert_eq!(shards.requests(tenant), CALLS, "{tenant} was not held up");
    }
    let error = search
        .search(BROKEN)
        .await
        .expect_err("the circuit is open");
    timeline::line(BROKEN, &error);
    assert!(matches!(error, SearchError::CircuitOpen(open) if open.key() == Some(BROKEN)));

    timeline::chapter("Somebody invents tenants");
    invent(&search).await;
    let found = search.search("dawn").await?;
    timeline::line("dawn", &found);
    assert_eq!(found, "3 hits for dawn");

    timeline::chapter("The keys that are the worst off");
    let worst = registry::worst_keys("search", 2);
    for stats in &worst {
        let key = stats.key.as_deref().unwrap_or_default();
        let line = format!(
            "{}, {} failed, {} refused",
            stats.state, stats.failures, stats.refused
        );
        timeline::line(key, line);
    }
    assert_eq!(worst[0].key.as_deref(), Some(BROKEN));

    timeline::chapter(format_args!("The shard of {BROKEN} is repaired"));
    shards.repair();
    sleep(RECOVERY).await;
    let found = search.search(BROKEN).await?;
    timeline::line(BROKEN, &found);
    let circuit = registry::get_key("search", BROKEN).expect("it was never forgotten");
    assert_eq!(circuit.state(), CircuitState::Closed);
    print_tenant(BROKEN, &shards);
    Ok(())
}

/// Calls for tenants that do not exist, and shows that nothing grows and nothing is forgotten.
async fn invent(search: &Search) {
    let (start, memory) = (Instant::now(), resident_kilobytes());
    for number in 0..INVENTED {
        let invented = format!("invented-{number}");
        let error = search.search(&invented).await.expect_err("nobody has it");
        assert!(matches!(error, SearchError::UnknownTenant), "{error}");
    }
    timeline::timed(
        "everybody",
        "called",
        start.elapsed(),
        format_args!("{INVENTED} tenants"),
    );
    let family = registry::family("search").expect("it is called");
    timeline::line(
        "circuits",
        format_args!(
            "{} of at most {}: {} closed, {} open; {} calls shared the overflow circuit",
            family.keys, family.max_keys, family.closed, family.open, family.overflow
        ),
    );
    assert_eq!(family.keys, MAX_KEYS);
    let tripped = registry::get_key("search", BROKEN);
    assert!(
        tripped.is_some_and(|circuit| circuit.stats().opened == 1),
        "the tripped one was not freed"
    );
    let without_circuit = u64::from(INVENTED) - (MAX_KEYS - TENANTS.len() as u64);
    assert_eq!(family.overflow, without_circuit);
    if let (Some(before), Some(after)) = (memory, resident_kilobytes()) {
        let grown = after.saturating_sub(before);
        timeline::line("memory", format_args!("{grown} kB more"));
        assert!(grown < 20_000, "{grown} kB");
    }
}

/// The memory of this process, where the system tells it.
fn resident_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

fn print_tenant(tenant: &str, shards: &Shards) {
    let circuit = registry::get_key("search", tenant).expect("it was called");
    let stats = circuit.stats();
    timeline::line(
        tenant,
        format_args!(
            "{:<9} {:>2} answered, {} failed, {:>2} refused; {:>2} requests arrived",
            stats.state.to_string(),
            stats.successes,
            stats.failures,
            stats.refused,
            shards.requests(tenant)
        ),
    );
}
