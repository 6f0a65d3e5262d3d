//! A service with five dependencies that fail in turn, and its dashboard on a port that it prints.
//!
//! ```sh
//! cargo run -p resilience-example-dashboard                        # until Ctrl-C
//! EXAMPLE_SECONDS=10 cargo run -p resilience-example-dashboard     # ends, and checks what it shows
//! ```

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

mod peers;
mod shop;

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use axum::Router;
use resilience::registry;
use resilience_dashboard::{Access, Actor, router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::peers::{NAMES, Peers};
use crate::shop::Shop;

/// Each dependency has so many users, and each of them pauses for so long between two calls.
const USERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(80);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let seconds = env::var("EXAMPLE_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse::<u32>()).transpose()?;

    // All that a service has to do. A real one asks in the hook who the person is.
    let access = Access::controlled(|_request, _action| Ok(Actor::new("you")));
    let app = Router::new().nest("/resilience", router(access));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/resilience", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    println!("The dashboard is at {address}/ui");

    let peers = Peers::start().await?;
    let shop = Shop::new(peers.url())?;
    for name in NAMES {
        for _ in 0..USERS {
            tokio::spawn(use_dependency(shop.clone(), name));
        }
    }
    match seconds {
        None => loop {
            fail_in_turn(&peers, Duration::from_secs(8)).await;
        },
        Some(seconds) => {
            let turn = Duration::from_secs(seconds.into()) / 5;
            let began = Instant::now();
            let events = tokio::spawn(follow(format!("{address}/events"), turn * 5));
            fail_in_turn(&peers, turn).await;
            println!("Each failed once within {:.0?}.", began.elapsed());
            check(&address).await?;
            check_events(&events.await??);
            Ok(())
        }
    }
}

/// Calls a dependency all the time, as a user of the service does.
async fn use_dependency(shop: Shop, name: &'static str) {
    loop {
        // An error is no news here: the circuit counts it.
        let _ = shop.call(name).await;
        sleep(PAUSE).await;
    }
}

/// Each dependency fails for most of its turn.
async fn fail_in_turn(peers: &Peers, turn: Duration) {
    for (index, name) in NAMES.iter().enumerate() {
        println!("  {name} fails");
        peers.fail(index);
        sleep(turn * 3 / 4).await;
        peers.heal();
        sleep(turn / 4).await;
    }
}

/// Reads the stream of events for a while, and returns its text.
async fn follow(url: String, time: Duration) -> Result<String, reqwest::Error> {
    let mut answer = client()?.get(url).send().await?;
    let end = Instant::now() + time;
    let mut text = String::new();
    while let Ok(chunk) = tokio::time::timeout_at(end.into(), answer.chunk()).await {
        let Some(chunk) = chunk? else { break };
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    Ok(text)
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().no_proxy().build()
}

/// Compares the dashboard with the registry.
async fn check(address: &str) -> Result<(), Box<dyn Error>> {
    let client = client()?;
    let page = client.get(format!("{address}/ui")).send().await?;
    assert!(page.headers().contains_key("content-security-policy"));
    let snapshot: Value = client.get(address).send().await?.json().await?;
    let circuits = snapshot["circuits"].as_array().ok_or("no circuits")?;
    println!("The dashboard shows:");
    for name in NAMES {
        let shown = circuits.iter().find(|circuit| circuit["name"] == name);
        let shown = shown.ok_or("a circuit is missing")?;
        let counted = registry::stats(name).ok_or("the circuit was used")?;
        println!(
            "  {name:<10} opened {} times, {} calls failed, {} were refused",
            shown["opened"], shown["failures"], shown["refused"]
        );
        assert!(counted.opened > 0, "{name} opened");
        assert!(counted.refused > 0, "{name} refused calls");
        assert_eq!(shown["declared_at"]["line"], counted.declared_at.line());
        let url = format!("{address}/circuits/{name}");
        let one: Value = client.get(url).send().await?.json().await?;
        let operations = one["operations"].as_array().ok_or("no operations")?;
        assert_eq!(operations.len(), 1, "one function uses {name}");
        assert_eq!(one["history"][0]["to"], "open");
    }
    Ok(())
}

/// Checks that the stream told of each opening.
fn check_events(text: &str) {
    let changes = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let changes: Vec<Value> = changes
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for name in NAMES {
        let is_told = changes.iter().any(|change| {
            let circuits = change["changed"]["circuits"].as_array();
            let mut circuits = circuits.into_iter().flatten();
            circuits.any(|circuit| circuit["name"] == name && circuit["state"] == "open")
        });
        assert!(is_told, "the stream told that {name} opened");
    }
    println!(
        "The stream told of each opening, in {} events.",
        changes.len()
    );
}
