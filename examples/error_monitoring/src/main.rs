//! Retries that gave up and circuits that opened, as issues of an error monitor.
//!
//! `cargo run -p resilience-example-error-monitoring`
//!
//! The program starts a warehouse that is down and a receiver of Sentry's envelopes, both on
//! loopback. A service asks the warehouse twice. The program prints the issues that arrive and
//! checks them: the operation or the circuit, the last error, and the retries before it.

mod monitor;
mod receiver;
mod shop;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use resilience::events;
use sentry::protocol::Event;
use sentry::{ClientOptions, Hub, SentryFutureExt};

use crate::receiver::Receiver;
use crate::shop::{Shop, Warehouse};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let receiver = Receiver::start().await?;
    let sentry = sentry::init(ClientOptions::new().dsn(&receiver.dsn()));
    // All that a service has to do beside `sentry::init`.
    events::subscribe(monitor::report).forget();

    let warehouse = Warehouse::start().await?;
    let shop = Shop::new(warehouse.url())?;
    println!("The warehouse is down. The service asks it twice:");
    for item in ["bolts", "nuts"] {
        // Each request has a hub of its own, so that its issues show its own retries alone.
        let hub = Arc::new(Hub::new_from_top(Hub::current()));
        let answer = shop.stock(item).bind_hub(hub).await;
        println!("  {item}: {}", answer.expect_err("the warehouse is down"));
    }

    let flushed = sentry.flush(Some(Duration::from_secs(10)));
    assert!(flushed, "the receiver takes all envelopes");
    let issues = receiver.issues();
    println!("\nThe error monitor has received:");
    for issue in &issues {
        print(issue);
    }
    check(&issues);
    Ok(())
}

fn print(issue: &Event<'_>) {
    println!("  {}", issue.message.as_deref().unwrap_or_default());
    for (name, value) in &issue.tags {
        println!("    {name}: {value}");
    }
    for (name, value) in &issue.extra {
        println!("    {name}: {}", value.as_str().unwrap_or_default());
    }
    for crumb in &issue.breadcrumbs {
        println!(
            "    before it: {}",
            crumb.message.as_deref().unwrap_or_default()
        );
    }
}

/// One issue for the first call, which used up its attempts, and one for the circuit, which opened
/// in the second call. That call gave up as well, and it is no issue, because the circuit is one.
fn check(issues: &[Event<'_>]) {
    let [gave_up, opened] = issues else {
        panic!("two issues: {issues:#?}");
    };
    assert_eq!(
        gave_up.message.as_deref(),
        Some("shop.stock gave up after 3 attempts")
    );
    assert_eq!(gave_up.tags["operation"], "shop.stock");
    assert_eq!(gave_up.tags["reason"], "attempts");
    assert_eq!(opened.message.as_deref(), Some("circuit warehouse opened"));
    assert_eq!(opened.tags["circuit"], "warehouse");
    assert_eq!(opened.tags["reason"], "failures");
    for (issue, retries) in [(gave_up, 2), (opened, 1)] {
        let error = issue.extra["last_error"].as_str().expect("a text");
        assert!(error.contains("503"), "{error}");
        let crumbs = issue.breadcrumbs.iter();
        let operations = crumbs.map(|crumb| crumb.data["operation"].as_str());
        assert!(
            operations.eq(vec![Some("shop.stock"); retries]),
            "{issue:#?}"
        );
    }
    println!("\nTwo issues, each with the retries before it.");
}
