//! Several circuits under load: their statistics in the log and as a table, and an operator who
//! isolates one of them.
//!
//! `cargo run -p resilience-example-services --bin monitoring`

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::StatusCode;
use resilience::{CircuitBreakerStats, CircuitOpen, CircuitState, circuit_breaker, registry};
use resilience_example_services::{peers, timeline};
use tokio::{select, task::JoinSet, time};
use tracing::{field, info};
use tracing_subscriber::fmt::time::uptime;

const WORKERS: u64 = 4;
const CALLS_PER_WORKER: u64 = 40;
const CALLS: u64 = WORKERS * CALLS_PER_WORKER;

struct Shop {
    http: reqwest::Client,
    url: String,
}

impl Shop {
    #[circuit_breaker(name = "inventory", failure_threshold = 10)]
    async fn inventory(&self) -> Result<StatusCode, ShopError> {
        self.get("inventory").await
    }

    #[circuit_breaker(name = "payments", failure_rate = 0.5, minimum_calls = 12)]
    async fn pay(&self) -> Result<StatusCode, ShopError> {
        self.get("payments").await
    }

    // Nobody waits for recommendations: too late is as bad as wrong.
    #[circuit_breaker(name = "recommendations", failure_threshold = 5, slow_call = 100ms)]
    async fn recommend(&self) -> Result<StatusCode, ShopError> {
        self.get("recommendations").await
    }

    async fn get(&self, service: &str) -> Result<StatusCode, ShopError> {
        let response = self
            .http
            .get(format!("{}/{service}", self.url))
            .send()
            .await?;
        Ok(response.error_for_status()?.status())
    }
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Circuits log their own transitions: this is all it takes to see them.
    tracing_subscriber::fmt().with_timer(uptime()).init();
    let service = peers::Shop::start();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let shop = Arc::new(Shop {
        http,
        url: service.url(),
    });

    timeline::chapter("Load, and one circuit in the log");
    select! {
        () = load(&shop) => {}
        () = log_every(Duration::from_millis(200), "payments") => {}
    }

    timeline::chapter("All circuits, after the load");
    let stats = registry::all_stats();
    print_table(&stats);
    for (name, circuit) in &stats {
        let admitted = circuit.successes + circuit.failures + circuit.late;
        assert_eq!(
            admitted + circuit.refused,
            CALLS,
            "every call to {name} is accounted for"
        );
        assert_eq!(
            admitted,
            service.requests(name),
            "what was refused never reached {name}"
        );
    }
    let [inventory, payments, recommendations] =
        ["inventory", "payments", "recommendations"].map(|name| &stats[name]);
    assert_eq!(
        (inventory.state, inventory.successes),
        (CircuitState::Closed, CALLS)
    );
    assert_eq!(
        payments.state,
        CircuitState::Open,
        "more than half of its calls fail"
    );
    assert_eq!(
        recommendations.state,
        CircuitState::Open,
        "all of its calls are slow"
    );
    assert!(payments.refused > 0 && recommendations.refused > 0);

    timeline::chapter("An operator isolates the inventory");
    assert!(registry::isolate("inventory"));
    let error = shop.inventory().await.expect_err("nobody gets through");
    println!("  a call now: {error}");
    assert!(matches!(error, ShopError::CircuitOpen(open) if open.retry_after().is_none()));
    assert_eq!(service.requests("inventory"), CALLS);

    timeline::chapter("And resets it");
    assert!(registry::reset("inventory"));
    println!("  a call now: {}", shop.inventory().await?);
    assert_eq!(service.requests("inventory"), CALLS + 1);

    timeline::chapter("All circuits, after a reset of all");
    registry::reset_all();
    let stats = registry::all_stats();
    print_table(&stats);
    assert!(
        stats
            .values()
            .all(|circuit| circuit.state == CircuitState::Closed)
    );
    Ok(())
}

/// Calls everything, from several tasks at once.
async fn load(shop: &Arc<Shop>) {
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let shop = Arc::clone(shop);
        workers.spawn(async move {
            for _ in 0..CALLS_PER_WORKER {
                // The statistics are about the errors.
                let _ = tokio::join!(shop.inventory(), shop.pay(), shop.recommend());
                time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
    workers.join_all().await;
}

/// A service runs this beside its work; a metrics exporter reads the same statistics.
async fn log_every(period: Duration, circuit: &str) {
    let mut ticks = time::interval(period);
    loop {
        ticks.tick().await;
        if let Some(stats) = registry::stats(circuit) {
            info!(
                circuit,
                state = %stats.state,
                successes = stats.successes,
                failures = stats.failures,
                refused = stats.refused,
                failure_rate = stats.failure_rate,
                retry_after = stats.retry_after.map(field::debug),
                "statistics"
            );
        }
    }
}

fn print_table(stats: &BTreeMap<String, CircuitBreakerStats>) {
    println!(
        "  {:<16} {:<10} {:>9} {:>8} {:>8} {:>5} {:>6}  {:<11} retry after",
        "circuit", "state", "successes", "failures", "refused", "late", "opened", "in window"
    );
    for (name, circuit) in stats {
        // A circuit opens at a number of failures or at a rate.
        let in_window = match (circuit.failure_threshold, circuit.failure_rate) {
            (Some(threshold), _) => format!("{} of {threshold}", circuit.failure_count),
            (None, Some(rate)) => format!("{:.0} %", rate * 100.0),
            (None, None) => "-".to_owned(),
        };
        let retry_after = circuit
            .retry_after
            .map_or_else(|| "-".to_owned(), |pause| format!("{pause:.1?}"));
        println!(
            "  {name:<16} {:<10} {:>9} {:>8} {:>8} {:>5} {:>6}  {in_window:<11} {retry_after}",
            circuit.state,
            circuit.successes,
            circuit.failures,
            circuit.refused,
            circuit.late,
            circuit.opened
        );
    }
}
