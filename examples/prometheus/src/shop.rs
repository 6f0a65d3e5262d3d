//! The service, and the warehouse that it asks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use resilience::{
    BulkheadFull, CircuitOpen, RateLimited, TimedOut, bulkhead, circuit_breaker, rate_limit, retry,
    timeout,
};
use tokio::net::TcpListener;

pub(crate) struct Shop {
    http: reqwest::Client,
    url: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("the request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error(transparent)]
    BulkheadFull(#[from] BulkheadFull),
}

impl Shop {
    pub(crate) fn new(url: String) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, url })
    }

    #[retry(max_retries = 2, base_delay = 5ms, budget = "shop", operation = "shop.stock")]
    #[circuit_breaker(name = "warehouse", failure_threshold = 10, recovery_timeout = 200ms)]
    #[rate_limit(1000, per = 1s, name = "warehouse")]
    #[timeout(1s)]
    #[bulkhead(25, name = "warehouse")]
    pub(crate) async fn stock(&self, item: &str) -> Result<String, ShopError> {
        let answer = self.http.get(format!("{}/{item}", self.url)).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }
}

/// A server that is well or answers 503.
pub(crate) struct Warehouse {
    url: String,
    is_well: Arc<AtomicBool>,
}

impl Warehouse {
    pub(crate) async fn start() -> io::Result<Self> {
        let is_well = Arc::new(AtomicBool::new(true));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new()
            .route("/{item}", get(answer))
            .with_state(Arc::clone(&is_well));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, is_well })
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    pub(crate) fn set_well(&self, is_well: bool) {
        self.is_well.store(is_well, Ordering::Relaxed);
    }
}

async fn answer(State(is_well): State<Arc<AtomicBool>>) -> (StatusCode, &'static str) {
    if is_well.load(Ordering::Relaxed) {
        (StatusCode::OK, "12")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "try later")
    }
}
