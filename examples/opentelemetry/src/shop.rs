//! The service, and the warehouse that it asks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, routing::get};
use resilience::{TimedOut, retry, timeout};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tracing::{info, instrument};

pub(crate) struct Shop {
    http: reqwest::Client,
    url: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("the request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl Shop {
    pub(crate) fn new(url: String) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, url })
    }

    // `#[instrument]` below the others is one span around all attempts.
    #[retry(max_retries = 3, strategy = constant, base_delay = 20ms, jitter = none, span = true, operation = "shop.stock")]
    #[timeout(2s)]
    #[instrument(skip(self))]
    pub(crate) async fn stock(&self, item: &str) -> Result<String, ShopError> {
        let answer = self.http.get(format!("{}/{item}", self.url)).send().await?;
        info!(status = answer.status().as_u16(), "the warehouse answered");
        Ok(answer.error_for_status()?.text().await?)
    }
}

/// A server that answers 503 to two requests.
pub(crate) struct Warehouse {
    url: String,
}

impl Warehouse {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new()
            .route("/{item}", get(answer))
            .with_state(Arc::default());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url })
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

async fn answer(requests: State<Arc<AtomicU32>>) -> (StatusCode, &'static str) {
    sleep(Duration::from_millis(5)).await;
    if requests.fetch_add(1, Ordering::Relaxed) < 2 {
        (StatusCode::SERVICE_UNAVAILABLE, "closed")
    } else {
        (StatusCode::OK, "there are 120 bolts")
    }
}
