//! A call that is retried, as the tree of spans that a collector of OpenTelemetry receives.
//!
//! `cargo run -p resilience-example-opentelemetry`
//!
//! The program starts a warehouse that fails twice and a collector, both on loopback. A service
//! asks the warehouse, and the exporter of OTLP sends its spans to the collector. The program
//! prints the tree and checks it: the call, its attempts, their status and the type of their error.

mod collector;
mod shop;
mod tree;

use std::error::Error;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::collector::Collector;
use crate::shop::{Shop, ShopError, Warehouse};
use crate::tree::Node;

// The exporter blocks the thread that asks it to flush, so that is not a thread of the runtime.
fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let collector = runtime.block_on(Collector::start())?;
    let provider = export_to(&collector.url())?;

    println!("The warehouse is down for two requests. The service asks it once:");
    let stock = runtime.block_on(async {
        let warehouse = Warehouse::start().await?;
        let shop = Shop::new(warehouse.url())?;
        Ok::<_, Box<dyn Error>>(shop.stock("bolts").await?)
    })?;
    println!("  {stock}");

    provider.shutdown()?;
    println!("\nThe collector has received:");
    let trees = tree::of(&collector.spans());
    for tree in &trees {
        tree.print();
    }
    check(&trees);
    Ok(())
}

/// All that a service has to do: a layer beside its other layers of `tracing`, with an exporter.
fn export_to(url: &str) -> Result<SdkTracerProvider, Box<dyn Error>> {
    let http = reqwest::blocking::Client::builder().no_proxy().build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(http)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{url}/v1/traces"))
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .build();
    let ours = Targets::new()
        .with_target("resilience", LevelFilter::INFO)
        .with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    tracing_subscriber::registry()
        .with(layer.with_filter(ours))
        .try_init()?;
    Ok(provider)
}

/// The call has an attempt for each request, and the failed ones are errors.
fn check(trees: &[Node]) {
    let [call] = trees else {
        panic!("one call is one trace: {trees:#?}");
    };
    assert_eq!(call.span.name, "stock");
    let attempts = &call.children;
    let is_error = [true, true, false];
    assert_eq!(attempts.len(), is_error.len(), "{attempts:#?}");
    for ((attempt, is_error), number) in attempts.iter().zip(is_error).zip(1..) {
        assert_eq!(attempt.span.name, "attempt");
        assert_eq!(attempt.span.trace_id, call.span.trace_id);
        assert_eq!(
            attempt.attribute("operation").as_deref(),
            Some("shop.stock")
        );
        assert_eq!(attempt.attribute("attempt"), Some(format!("{number}")));
        let error = std::any::type_name::<ShopError>();
        let (status, error) = if is_error {
            (StatusCode::Error, Some(error))
        } else {
            (StatusCode::Ok, None)
        };
        assert_eq!(attempt.status(), status);
        assert_eq!(attempt.attribute("error.type").as_deref(), error);
        let is_retried = attempt
            .span
            .events
            .iter()
            .any(|event| event.name == format!("attempt {number} failed, retrying in 20.0ms"));
        assert_eq!(is_retried, is_error, "the event lies in its attempt");
    }
    for pair in attempts.windows(2) {
        let [ended, next] = [&pair[0].span, &pair[1].span];
        assert!(ended.end_time_unix_nano <= next.start_time_unix_nano);
    }
    println!(
        "\nOne call, {} attempts, the waits between them.",
        attempts.len()
    );
}
