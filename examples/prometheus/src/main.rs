//! A service whose circuits and retries a real Prometheus scrapes.
//!
//! `cargo run -p resilience-example-prometheus`
//!
//! The program starts a warehouse that fails for a while, a service that asks it and has
//! `/metrics`, and Prometheus (Debian's package) on a free port. Without Prometheus it scrapes
//! itself. It ends by itself, and it checks that the exposition keeps to its grammar, that the
//! numbers equal the statistics, and that every expression of `docs/grafana.json` and of the guide
//! names a metric that exists.

mod exposition;
mod prometheus;
mod shop;

use std::error::Error;
use std::time::Duration;

use axum::{Router, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use resilience::registry;
use tokio::net::TcpListener;

use crate::exposition::Exposition;
use crate::prometheus::Prometheus;
use crate::shop::{Shop, Warehouse};

/// The calls of the service, a third of them while the warehouse is down.
const CALLS: u64 = 60;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // All that a service has to do: install a recorder, and update before each scrape. The buckets
    // and the last line are for the histograms, which are off otherwise.
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.025, 0.1, 0.5, 2.5])?
        .install_recorder()?;
    resilience::metrics::record_durations(true);
    let metrics = Router::new().route("/metrics", get(async move || scrape(&recorder)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, metrics).await });
    println!("The service shows its metrics at http://{address}/metrics");

    let mut prometheus = Prometheus::start(&address.to_string())?;
    match &prometheus {
        Some(prometheus) => println!("Prometheus scrapes it, and answers at {}", prometheus.url()),
        None => println!("Prometheus is not installed, so the program scrapes itself."),
    }

    let warehouse = Warehouse::start().await?;
    let shop = Shop::new(warehouse.url())?;
    println!("\nThe warehouse is well, then it fails, then it is well again:");
    for is_well in [true, false, true] {
        warehouse.set_well(is_well);
        let mut answers = [0, 0];
        for _ in 0..CALLS / 3 {
            let is_answered = shop.stock("bolts").await.is_ok();
            answers[usize::from(!is_answered)] += 1;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let health = if is_well { "well" } else { "down" };
        println!("  {health}: {} answered, {} failed", answers[0], answers[1]);
    }

    let text = reqwest::get(format!("http://{address}/metrics"))
        .await?
        .text()
        .await?;
    let exposition = Exposition::parse(&text)?;
    println!(
        "\nThe exposition has {} series, and its grammar is right. Some of them:",
        exposition.len()
    );
    show(&text);
    compare(&exposition);
    check_dashboard(&exposition)?;
    if let Some(prometheus) = &mut prometheus {
        let query = r#"sum(resilience_circuit_calls_total{circuit="warehouse"})"#;
        let expected = exposition.sum(
            "resilience_circuit_calls_total",
            &[("circuit", "warehouse")],
        );
        let seen = prometheus.wait_for(query, expected).await?;
        println!("\nPrometheus says: {query} = {seen}");
        assert!(
            (seen - expected).abs() < 0.5,
            "Prometheus has the same number"
        );
        prometheus
            .check_expressions(&dashboard_expressions()?)
            .await?;
        println!("Prometheus evaluates every expression of docs/grafana.json.");
        prometheus.check_expressions(&guide_expressions()?).await?;
        println!("Prometheus evaluates every expression of the guide's page on alerts.");
    }
    Ok(())
}

fn scrape(recorder: &PrometheusHandle) -> String {
    resilience::metrics::update();
    recorder.render()
}

/// Prints the lines that a person would look for.
fn show(text: &str) {
    let wanted = [
        "circuit_state{",
        "circuit_calls_total{",
        "retry_calls_total{",
        "retries_total{",
    ];
    let lines = text.lines().filter(|line| {
        !line.starts_with('#')
            && !line.ends_with(" 0")
            && wanted.iter().any(|name| line.contains(name))
    });
    lines.for_each(|line| println!("  {line}"));
}

/// Compares the metrics with the statistics.
fn compare(exposition: &Exposition) {
    let circuit = registry::stats("warehouse").expect("the circuit was used");
    let outcomes = [
        ("success", circuit.successes),
        ("failure", circuit.failures),
        ("refused", circuit.refused),
    ];
    for (outcome, counted) in outcomes {
        let labels = [("circuit", "warehouse"), ("outcome", outcome)];
        let exported = exposition.sum("resilience_circuit_calls_total", &labels);
        assert_same(outcome, exported, counted);
    }
    let in_all_states = exposition.sum("resilience_circuit_state", &[("circuit", "warehouse")]);
    assert_same("states", in_all_states, 1);
    let operation = registry::operation("shop.stock").expect("the function has run");
    let retries = exposition.sum("resilience_retries_total", &[("operation", "shop.stock")]);
    assert_same("retries", retries, operation.retries);
    assert!(operation.retries > 0, "the warehouse failed");
    let labels = [("operation", "shop.stock")];
    let attempts = exposition.sum("resilience_attempt_duration_seconds_count", &labels);
    assert_same("attempts", attempts, CALLS + operation.retries);
    let waited = exposition.sum("resilience_retry_delay_seconds_count", &labels);
    assert!(waited > 0.0, "calls waited between their attempts");
}

#[expect(clippy::cast_precision_loss, reason = "the counts are small")]
fn assert_same(what: &str, exported: f64, counted: u64) {
    let difference = (exported - counted as f64).abs();
    assert!(
        difference < 0.1,
        "{what}: {exported} exported, {counted} counted"
    );
}

/// The expressions of the dashboard, with the variables of Grafana filled in.
fn dashboard_expressions() -> Result<Vec<String>, Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/grafana.json");
    let dashboard: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let panels = dashboard["panels"]
        .as_array()
        .ok_or("the dashboard has panels")?;
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let expressions = targets
        .flatten()
        .filter_map(|target| target["expr"].as_str());
    let filled = expressions.map(|expression| {
        expression
            .replace("$__rate_interval", "1m")
            .replace("$circuit", ".*")
            .replace("$operation", ".*")
    });
    Ok(filled.collect())
}

/// The expressions in the table of the guide's page on alerts.
fn guide_expressions() -> Result<Vec<String>, Box<dyn Error>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../resilience-runtime/src/guide/alerts.md"
    );
    let page = std::fs::read_to_string(path)?;
    let table = page
        .lines()
        .skip_while(|line| *line != "| question | expression |");
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    let expressions = rows.filter_map(|row| row.split('`').nth(1).map(str::to_owned));
    Ok(expressions.collect())
}

fn check_dashboard(exposition: &Exposition) -> Result<(), Box<dyn Error>> {
    println!();
    check_names(exposition, "docs/grafana.json", &dashboard_expressions()?);
    check_names(
        exposition,
        "the guide's page on alerts",
        &guide_expressions()?,
    );
    Ok(())
}

/// Checks that each metric of the expressions exists.
fn check_names(exposition: &Exposition, source: &str, expressions: &[String]) {
    assert!(!expressions.is_empty(), "{source} has expressions");
    for expression in expressions {
        for name in exposition::metric_names(expression) {
            // A rate of failures is absent below `minimum_calls`. This service has no fleet, and
            // the tests of the fleet check its names.
            let is_known = exposition.has(name)
                || name == "resilience_circuit_failure_rate"
                || name.starts_with("resilience_fleet_");
            assert!(is_known, "{source} names {name}, which does not exist");
        }
    }
    println!(
        "The {} expressions of {source} name metrics that exist.",
        expressions.len()
    );
}
