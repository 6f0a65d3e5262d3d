//! A retry storm: a service stalls for a second, and the retries of its clients keep it down, until
//! a budget limits them.
//!
//! `cargo run -p resilience-example-services --bin storm`

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use resilience::{TimedOut, registry, retry, timeout};
use resilience_example_services::{peers::Warehouse, timeline};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

const CLIENTS: u32 = 200;
/// Each client asks once a second, so the service, which can answer 300 requests, gets 200.
const PAUSE: Duration = Duration::from_secs(1);

/// A column of the picture.
const COLUMN: Duration = Duration::from_millis(500);
const COLUMNS: usize = 20;
const STALL_AFTER: Duration = Duration::from_millis(1_500);
const STALL: Duration = Duration::from_secs(1);

struct Stock {
    http: reqwest::Client,
    url: String,
}

impl Stock {
    #[retry(max_retries = 3, base_delay = 50ms)]
    #[timeout(300ms)]
    async fn without_budget(&self) -> Result<String, StockError> {
        self.get().await
    }

    // In addition, there is at most one retry for ten calls of the last two seconds.
    #[retry(max_retries = 3, base_delay = 50ms, budget = "stock")]
    #[timeout(300ms)]
    async fn with_budget(&self) -> Result<String, StockError> {
        self.get().await
    }

    async fn get(&self) -> Result<String, StockError> {
        let response = self.http.get(format!("{}/stock", self.url)).send().await?;
        Ok(response.text().await?)
    }
}

#[derive(Debug, thiserror::Error)]
enum StockError {
    #[error("request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

/// A column before the stall, and the columns in which a service that recovers is well again.
const BEFORE: usize = 2;
const AFTER: std::ops::Range<usize> = 12..COLUMNS;

/// The load of a column, in requests and calls per second.
#[derive(Clone, Copy, Default)]
struct Load {
    requests: u64,
    answered: u64,
    failed: u64,
}

impl Load {
    fn is_well(self) -> bool {
        self.answered > 9 * self.failed
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let budget = resilience::RetryBudget::new()
        .ratio(0.1)
        .window(Duration::from_secs(2));
    registry::register_budget("stock", budget)?;

    timeline::chapter("Without a budget: the service stalls for one second, and never recovers");
    let without = storm(|stock| async move { stock.without_budget().await.is_ok() }).await?;
    timeline::chapter("With a budget of 0.1: the same stall, and the service recovers");
    let with = storm(|stock| async move { stock.with_budget().await.is_ok() }).await?;

    let is_shown = without[BEFORE].is_well() && with[BEFORE].is_well();
    let [without, with] = [without, with].map(|mut loads| loads.split_off(AFTER.start));
    let recovers = with
        .iter()
        .any(|load| load.is_well() && load.requests < 300);
    let stays_down = without.iter().filter(|load| load.is_well()).count() < AFTER.len() / 2;
    let [without, with] = [without, with].map(|loads| loads[AFTER.len() - 1]);
    let stats = registry::budget("stock").expect("the budget is used");
    println!();
    println!(
        "Without: {} requests a second for {} calls that end, {} of them well.",
        without.requests,
        without.answered + without.failed,
        without.answered
    );
    println!(
        "With:    {} requests a second for {} calls that end, {} of them well.",
        with.requests,
        with.answered + with.failed,
        with.answered
    );
    println!(
        "The budget granted {} retries for {} calls, and refused {}.",
        stats.retries, stats.calls, stats.refused
    );
    if !is_shown {
        println!("This machine is too busy for the clients, with the budget and without.");
        return Ok(());
    }
    assert!(stays_down, "retries alone overload the service");
    assert!(recovers, "the budget bounds the load");
    Ok(())
}

/// Runs the clients against a service of their own, and returns the load of each column.
async fn storm<F>(call: fn(Arc<Stock>) -> F) -> Result<Vec<Load>, Box<dyn std::error::Error>>
where
    F: Future<Output = bool> + Send + 'static,
{
    let service = Arc::new(Warehouse::start());
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = service.url();
    let stock = Arc::new(Stock { http, url });
    let counts = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);

    let mut tasks = JoinSet::new();
    for client in 0..CLIENTS {
        let (stock, counts) = (Arc::clone(&stock), Arc::clone(&counts));
        tasks.spawn(async move {
            // The clients start one after the other, so that the load is even.
            sleep(PAUSE * client / CLIENTS).await;
            let mut ticks = interval(PAUSE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let is_answered = call(Arc::clone(&stock)).await;
                counts[usize::from(!is_answered)].fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let stalled = Arc::clone(&service);
    tasks.spawn(async move {
        sleep(STALL_AFTER).await;
        stalled.stall(STALL);
    });

    let start = Instant::now();
    let mut loads = Vec::new();
    let mut columns = interval(COLUMN);
    columns.tick().await;
    let read = || {
        let [answered, failed] = [0, 1].map(|at: usize| counts[at].load(Ordering::Relaxed));
        [service.requests(), answered, failed]
    };
    let mut before = read();
    while loads.len() < COLUMNS {
        columns.tick().await;
        let now = read();
        let per_second = |at: usize| 2 * (now[at] - before[at]);
        let load = Load {
            requests: per_second(0),
            answered: per_second(1),
            failed: per_second(2),
        };
        draw(start.elapsed(), load);
        loads.push(load);
        before = now;
    }
    Ok(loads)
}

/// Draws a column as a row: a mark for each ten requests, `|` at the capacity of the service.
fn draw(at: Duration, load: Load) {
    let marks = usize::try_from(load.requests / 10).unwrap_or(usize::MAX);
    let bar: String = (0..marks.max(30))
        .map(|at| match at {
            30 => '|',
            at if at < marks => '#',
            _ => ' ',
        })
        .collect();
    let seconds = at.as_secs_f64();
    println!(
        "{seconds:4.1}s  {:4} requests/s  {:4} ok  {:4} failed  {bar}",
        load.requests, load.answered, load.failed
    );
}
