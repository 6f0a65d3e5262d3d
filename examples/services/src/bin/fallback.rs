//! Old answers while a server is down: the last known exchange rate takes the place of the error,
//! and the log and the statistics show how often.
//!
//! `cargo run -p resilience-example-services --bin fallback`

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use resilience::{CircuitOpen, TimedOut, circuit_breaker, fallback, registry, retry, timeout};
use resilience_example_services::{
    peers::{ExchangeRates, Health},
    timeline,
};

/// A client that remembers the last rate of each currency.
struct Rates {
    http: reqwest::Client,
    url: String,
    known: Mutex<HashMap<String, f64>>,
}

/// A rate, and whether it is an old one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rate {
    usd: f64,
    is_old: bool,
}

#[derive(Debug, thiserror::Error)]
enum RateError {
    #[error("nobody trades this currency")]
    Unknown,
    #[error("request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer is no number")]
    Answer(#[from] std::num::ParseFloatError),
    #[error(transparent)]
    Open(#[from] CircuitOpen),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl Rates {
    // A currency that nobody trades has no old rate, either.
    #[fallback(Self::last_known, on(RateError::Http(_) | RateError::Open(_) | RateError::TimedOut(_)), operation = "rate")]
    #[retry(max_retries = 1, base_delay = 10ms, abort_on(RateError::Unknown))]
    #[circuit_breaker(name = "rates", failure_threshold = 4, ignore(RateError::Unknown))]
    #[timeout(1s)]
    async fn rate(&self, currency: &str) -> Result<Rate, RateError> {
        let response = self
            .http
            .get(format!("{}/rates/{currency}", self.url))
            .send()
            .await?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Err(RateError::Unknown);
        }
        let answer = response.error_for_status()?.text().await?;
        let usd = answer.parse()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(currency.to_owned(), usd);
        Ok(Rate { usd, is_old: false })
    }

    fn last_known(error: &RateError, rates: &Self, currency: &str) -> Result<Rate, RateError> {
        let known = rates.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(currency) {
            Some(&usd) => {
                timeline::line("fallback", format_args!("an old rate, because: {error}"));
                Ok(Rate { usd, is_old: true })
            }
            None => Err(RateError::Unknown),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .init();
    let mut service = ExchangeRates::start();
    let rates = Rates {
        // A proxy from the environment would stand between the program and its peer.
        http: reqwest::Client::builder().no_proxy().build()?,
        url: service.url(),
        known: Mutex::default(),
    };
    let fallbacks = || registry::operation("rate").map_or(0, |stats| stats.fallbacks);

    timeline::chapter("The server is fine");
    let fresh = rates.rate("EUR").await?;
    timeline::line("client", format_args!("{fresh:?}"));
    assert!(!fresh.is_old);
    assert!(matches!(rates.rate("XXX").await, Err(RateError::Unknown)));
    assert_eq!(fallbacks(), 0, "an answer that is expected is no fallback");

    timeline::chapter("The server is down, and nobody notices");
    service.set_health(Health::Down);
    for _ in 0..10 {
        let old = rates.rate("EUR").await?;
        assert_eq!(
            old,
            Rate {
                is_old: true,
                ..fresh
            }
        );
    }
    assert_eq!(fallbacks(), 10, "but everybody can see it");
    let circuit = registry::stats("rates").expect("it was called");
    timeline::line(
        "circuit",
        format_args!(
            "{}: {} failures, {} refusals",
            circuit.state, circuit.failures, circuit.refused
        ),
    );
    // Two attempts of each of two calls, then the circuit is open and nothing goes to the server.
    assert_eq!((circuit.failures, circuit.refused), (4, 8));
    assert!(
        matches!(rates.rate("USD").await, Err(RateError::Unknown)),
        "there is no old rate of this one"
    );
    assert_eq!(fallbacks(), 11);

    timeline::chapter("The server is back");
    service.set_health(Health::Fine);
    registry::get("rates").expect("it was called").reset();
    let fresh = rates.rate("EUR").await?;
    timeline::line("client", format_args!("{fresh:?}"));
    assert!(!fresh.is_old);
    println!(
        "\n{} of 14 calls had an error that the fallback took the place of.",
        fallbacks()
    );
    Ok(())
}
