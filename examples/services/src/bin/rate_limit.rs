//! A partner's API takes a hundred requests in any second and answers 429 to more. Tasks that send
//! as fast as they can hear 429; with a rate limit they wait for their turns, and none of them
//! does.
//!
//! `cargo run -p resilience-example-services --bin rate_limit`

use std::time::Instant;

use reqwest::{Client, StatusCode};
use resilience::{RateLimited, rate_limit, registry};
use resilience_example_services::{peers::Partner, timeline};
use tokio::task::JoinSet;

const ORDERS: usize = 150;

/// The requests that the partner takes in a second.
const TAKEN: usize = 100;

#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Limited(#[from] RateLimited),
}

async fn send(http: &Client, url: &str) -> Result<StatusCode, SendError> {
    Ok(http.post(url).send().await?.status())
}

// Half of the partner's limit, because requests that leave evenly do not arrive evenly.
#[rate_limit(50, per = 1s, burst = 10, max_wait = 30s, name = "partner")]
async fn send_in_turn(http: &Client, url: &str) -> Result<StatusCode, SendError> {
    send(http, url).await
}

// An order that is worth nothing later is refused instead of waiting for its turn.
#[rate_limit(50, per = 1s, burst = 10, name = "partner")]
async fn send_now(http: &Client, url: &str) -> Result<StatusCode, SendError> {
    send(http, url).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let partner = Partner::start(TAKEN);
    let (http, url) = (
        Client::builder().no_proxy().build()?,
        format!("{}/orders", partner.url()),
    );

    timeline::chapter("150 tasks send as fast as they can.");
    let mut tasks = JoinSet::new();
    for _ in 0..ORDERS {
        let (http, url) = (http.clone(), url.clone());
        tasks.spawn(async move { send(&http, &url).await });
    }
    while let Some(sent) = tasks.join_next().await {
        sent??;
    }
    let (accepted, refused) = partner.take_counts();
    println!("  {accepted} were accepted, {refused} were answered with 429");
    assert_eq!(accepted + refused, ORDERS);

    timeline::chapter("150 tasks wait for their turns.");
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..ORDERS {
        let (http, url) = (http.clone(), url.clone());
        tasks.spawn(async move { send_in_turn(&http, &url).await });
    }
    while let Some(sent) = tasks.join_next().await {
        assert_eq!(sent??, StatusCode::CREATED);
    }
    timeline::timed("send", "ok", started.elapsed(), "150 orders");
    let (accepted, refused) = partner.take_counts();
    println!("  {accepted} were accepted, {refused} were answered with 429");
    assert_eq!((accepted, refused), (ORDERS, 0));

    timeline::chapter("A call that does not wait says when to come back.");
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (http, url) = (http.clone(), url.clone());
        tasks.spawn(async move { send_now(&http, &url).await });
    }
    let mut refusal = None;
    while let Some(sent) = tasks.join_next().await {
        match sent? {
            Err(SendError::Limited(limited)) => refusal = Some(limited),
            sent => assert_eq!(sent?, StatusCode::CREATED),
        }
    }
    let limited = refusal.expect("fifty at once are more than the burst");
    println!("  {limited}");
    tokio::time::sleep(limited.retry_after()).await;
    assert_eq!(send_now(&http, &url).await?, StatusCode::CREATED);
    assert_eq!(
        partner.take_counts().1,
        0,
        "no request was answered with 429"
    );

    let stats = registry::rate_limit("partner").expect("called, so registered");
    println!(
        "  {} admitted, {} refused here",
        stats.admitted, stats.refused
    );
    Ok(())
}
