//! The service, and the warehouse that it asks.

use std::io;

use axum::{Router, http::StatusCode, routing::get};
use resilience::{CircuitOpen, circuit_breaker, retry};
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
}

impl Shop {
    pub(crate) fn new(url: String) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, url })
    }

    #[retry(max_retries = 2, base_delay = 5ms, operation = "shop.stock")]
    #[circuit_breaker(name = "warehouse", failure_threshold = 5)]
    pub(crate) async fn stock(&self, item: &str) -> Result<String, ShopError> {
        let answer = self.http.get(format!("{}/{item}", self.url)).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }
}

/// A server that answers 503.
pub(crate) struct Warehouse {
    url: String,
}

impl Warehouse {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new().route("/{item}", get(async || StatusCode::SERVICE_UNAVAILABLE));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url })
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}
