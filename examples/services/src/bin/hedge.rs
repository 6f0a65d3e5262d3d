//! A server with a slow tail: one request in fifty takes eighty times as long as the others. A
//! second attempt beside a slow first one takes the tail away, for a few per cent more requests.
//!
//! `cargo run -p resilience-example-services --bin hedge`

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use resilience::{hedge, registry};
use resilience_example_services::peers::Catalogue;
use tokio::task::JoinSet;

const CALLS: usize = 4_000;
const CLIENTS: usize = 40;

struct Prices {
    http: reqwest::Client,
    url: String,
}

impl Prices {
    async fn plain(&self) -> reqwest::Result<String> {
        self.get().await
    }

    // A price is only read, so it may be asked for twice.
    #[hedge(after = 40ms, budget = 0.1, operation = "price")]
    async fn hedged(&self) -> reqwest::Result<String> {
        self.get().await
    }

    async fn get(&self) -> reqwest::Result<String> {
        let response = self.http.get(format!("{}/price", self.url)).send().await?;
        response.error_for_status()?.text().await
    }
}

/// The times of all calls, sorted, and the requests that arrived for them.
struct Measured {
    times: Vec<Duration>,
    requests: u64,
}

impl Measured {
    /// The time that this share of the calls, in thousandths, did not exceed.
    fn percentile(&self, thousandths: usize) -> Duration {
        let rank = (self.times.len() * thousandths).div_ceil(1_000);
        self.times[rank.saturating_sub(1)]
    }

    /// The requests beyond one for each call, as a share of the calls.
    fn extra_load(&self) -> f64 {
        let share = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let calls = share(self.times.len() as u64);
        (share(self.requests) - calls) / calls
    }

    fn print(&self, name: &str) {
        let [p50, p99, p999] = [500, 990, 999].map(|at| self.percentile(at).as_millis());
        let load = self.extra_load() * 100.0;
        println!("| {name:<8} | {p50:>4} ms | {p99:>4} ms | {p999:>5} ms | {load:>8.1} % |");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plain = measure(|prices| async move { prices.plain().await }).await?;
    let hedged = measure(|prices| async move { prices.hedged().await }).await?;
    println!("{CALLS} calls by {CLIENTS} clients:\n");
    println!("|          |     p50 |     p99 |    p99.9 | extra load |");
    println!("|----------|---------|---------|----------|------------|");
    plain.print("without");
    hedged.print("hedged");
    let stats = registry::operation("price").expect("it was called");
    println!("\n{} second attempts were started.", stats.hedges);

    let slow = Duration::from_millis(400);
    assert!(plain.percentile(990) >= slow, "one call in fifty is slow");
    // On a machine that is too busy for the clients, most calls are slow.
    let is_busy = [&plain, &hedged].map(|times| times.percentile(900) > slow / 20);
    assert!(
        hedged.percentile(990) < slow || is_busy.contains(&true),
        "and none of a hundred any more"
    );
    assert!(plain.extra_load() == 0.0);
    assert!(
        hedged.extra_load() > 0.0,
        "the tail was taken away by requests"
    );
    // The budget adds one hedge a second to its share, and the machine may be slow for more calls.
    assert!(hedged.extra_load() <= 0.11, "the budget bounds the load");
    // An attempt that loses at once is dropped before its request leaves.
    assert!(hedged.requests <= CALLS as u64 + stats.hedges);
    Ok(())
}

/// Makes the calls against a service of their own.
async fn measure<F>(call: fn(Arc<Prices>) -> F) -> Result<Measured, Box<dyn std::error::Error>>
where
    F: Future<Output = reqwest::Result<String>> + Send + 'static,
{
    let service = Catalogue::start();
    let prices = Arc::new(Prices {
        // A proxy from the environment would stand between the program and its peer.
        http: reqwest::Client::builder().no_proxy().build()?,
        url: service.url(),
    });
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let prices = Arc::clone(&prices);
        clients.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..CALLS / CLIENTS {
                let start = Instant::now();
                call(Arc::clone(&prices)).await?;
                times.push(start.elapsed());
            }
            Ok::<_, reqwest::Error>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(client) = clients.join_next().await {
        times.extend(client??);
    }
    times.sort();
    Ok(Measured {
        times,
        requests: service.requests(),
    })
}
