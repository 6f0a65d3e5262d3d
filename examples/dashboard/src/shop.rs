//! The service: a function for each dependency, with its policies.

use resilience::{CircuitOpen, TimedOut, circuit_breaker, retry, timeout};

#[derive(Clone)]
pub(crate) struct Shop {
    http: reqwest::Client,
    url: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

type Answer = Result<String, ShopError>;

impl Shop {
    pub(crate) fn new(url: &str) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = url.to_owned();
        Ok(Self { http, url })
    }

    /// Calls a dependency by its name.
    pub(crate) async fn call(&self, name: &str) -> Answer {
        match name {
            "payments" => self.charge().await,
            "inventory" => self.reserve().await,
            "search" => self.find().await,
            "llm_api" => self.summarize().await,
            _ => self.notify().await,
        }
    }

    #[circuit_breaker(name = "payments", failure_threshold = 5, recovery_timeout = 1500ms)]
    #[timeout(1s, operation = "shop.charge")]
    async fn charge(&self) -> Answer {
        self.ask("payments").await
    }

    #[retry(max_retries = 2, base_delay = 20ms, budget = "shop", operation = "shop.reserve")]
    #[circuit_breaker(name = "inventory", failure_threshold = 8, recovery_timeout = 1500ms)]
    #[timeout(100ms)]
    async fn reserve(&self) -> Answer {
        self.ask("inventory").await
    }

    #[circuit_breaker(name = "search", failure_rate = 0.5, failure_window = 1s, minimum_calls = 10, recovery_timeout = 1s)]
    #[timeout(1s, operation = "shop.find")]
    async fn find(&self) -> Answer {
        self.ask("search").await
    }

    #[retry(max_retries = 3, base_delay = 50ms, budget = "shop", operation = "shop.summarize")]
    #[circuit_breaker(name = "llm_api", consecutive_failures = 6, recovery_timeout = 1500ms)]
    #[timeout(1s)]
    async fn summarize(&self) -> Answer {
        self.ask("llm_api").await
    }

    #[retry(max_retries = 1, base_delay = 50ms, operation = "shop.notify")]
    #[circuit_breaker(name = "mail", failure_threshold = 5, recovery_timeout = 1500ms)]
    #[timeout(1s)]
    async fn notify(&self) -> Answer {
        self.ask("mail").await
    }

    async fn ask(&self, name: &str) -> Answer {
        let answer = self.http.get(format!("{}/{name}", self.url)).send().await;
        // The address changes with each run, and the circuit's name says enough.
        let answer = answer.map_err(reqwest::Error::without_url)?;
        let answer = answer.error_for_status();
        let answer = answer.map_err(reqwest::Error::without_url)?;
        Ok(answer.text().await?)
    }
}
