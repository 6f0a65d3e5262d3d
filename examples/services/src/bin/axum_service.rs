//! A service with `axum`: its callers' deadlines hold in every handler, a full or open dependency
//! is 503 with `Retry-After`, and a handler may have attributes itself.
//!
//! `cargo run -p resilience-example-services --bin axum_service`

use std::{
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{StatusCode, header::RETRY_AFTER},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use resilience::{
    BulkheadFull, CircuitOpen, CircuitState, TimedOut, bulkhead, circuit_breaker,
    http::deadline_from, registry, timeout, with_deadline,
};
use resilience_example_services::timeline;
use resilience_examples::server::Server;
use tokio::time::sleep;

/// The database of the service, which can hang.
#[derive(Default)]
struct Stock {
    hangs: AtomicBool,
}

#[derive(Debug, thiserror::Error)]
enum StockError {
    #[error("there is no such product")]
    Unknown,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
    #[error(transparent)]
    BulkheadFull(#[from] BulkheadFull),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl Stock {
    #[circuit_breaker(name = "stock", failure_threshold = 2, recovery_timeout = 30s, ignore(StockError::Unknown))]
    #[timeout(200ms)]
    async fn pieces(&self, product: &str) -> Result<u32, StockError> {
        if self.hangs.load(Ordering::Relaxed) {
            sleep(Duration::from_secs(60)).await;
        }
        match product {
            "chair" => Ok(7),
            _ => Err(StockError::Unknown),
        }
    }
}

/// The errors of the policies are answers that a client, and a retry in it, understands.
impl IntoResponse for StockError {
    fn into_response(self) -> Response {
        let text = self.to_string();
        match self {
            Self::Unknown => (StatusCode::NOT_FOUND, text).into_response(),
            Self::CircuitOpen(open) => {
                // Rounded up, because a client that comes too early is refused again.
                let wait = open.retry_after().unwrap_or(Duration::from_secs(60));
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let header = [(RETRY_AFTER, seconds.to_string())];
                (StatusCode::SERVICE_UNAVAILABLE, header, text).into_response()
            }
            Self::BulkheadFull(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], text).into_response()
            }
            Self::TimedOut(_) => (StatusCode::GATEWAY_TIMEOUT, text).into_response(),
        }
    }
}

async fn pieces(
    State(stock): State<Arc<Stock>>,
    Path(product): Path<String>,
) -> Result<String, StockError> {
    Ok(stock.pieces(&product).await?.to_string())
}

/// A handler with an attribute: one report at a time, because a report takes much memory.
#[bulkhead(1)]
async fn report(State(_): State<Arc<Stock>>) -> Result<&'static str, StockError> {
    sleep(Duration::from_millis(500)).await;
    Ok("42 pages")
}

/// The deadline of the caller holds for all that the handler does, for 10 s at most.
async fn inherit_deadline(request: Request, next: Next) -> Response {
    let deadline = deadline_from(request.headers(), Duration::from_secs(10));
    with_deadline(deadline, next.run(request)).await
}

/// A readiness probe must not kill the service because a dependency is down, so it only tells.
async fn health() -> String {
    let open = registry::health().open;
    if open.is_empty() {
        "ok".to_owned()
    } else {
        format!("open circuits: {}", open.join(", "))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stock = Arc::new(Stock::default());
    let app = Router::new()
        .route("/stock/{product}", get(pieces))
        .route("/report", get(report))
        .route("/health", get(health))
        .layer(middleware::from_fn(inherit_deadline))
        .with_state(Arc::clone(&stock));
    let server = Server::start(move |listener| {
        let app = app.clone();
        async move { axum::serve(listener, app).await }
    });
    let http = reqwest::Client::builder().no_proxy().build()?;
    let ask = async |path: &str, deadline: &str| {
        let request = http.get(server.url() + path);
        let asked = Instant::now();
        let response = request.header("grpc-timeout", deadline).send().await?;
        let status = response.status();
        let header = response.headers().get(RETRY_AFTER).cloned();
        let text = response.text().await?;
        timeline::timed(
            path,
            "took",
            asked.elapsed(),
            format_args!("{status}: {text}"),
        );
        Ok::<_, reqwest::Error>((status, header))
    };

    timeline::chapter("All is well");
    assert_eq!(ask("/stock/chair", "5S").await?.0, StatusCode::OK);
    assert_eq!(ask("/stock/table", "5S").await?.0, StatusCode::NOT_FOUND);

    timeline::chapter("Two reports at once");
    let (one, two) = tokio::join!(ask("/report", "5S"), ask("/report", "5S"));
    let mut statuses = [one?.0, two?.0];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE]);

    timeline::chapter("The database hangs, and the caller waits for 50 ms");
    stock.hangs.store(true, Ordering::Relaxed);
    assert_eq!(
        ask("/stock/chair", "50m").await?.0,
        StatusCode::GATEWAY_TIMEOUT
    );
    let circuit = registry::get("stock").expect("it was called");
    assert_eq!(
        circuit.stats().failures,
        0,
        "the database did not get its time"
    );

    timeline::chapter("The database hangs, and the caller waits for 5 s");
    for _ in 0..2 {
        assert_eq!(
            ask("/stock/chair", "5S").await?.0,
            StatusCode::GATEWAY_TIMEOUT
        );
    }
    assert_eq!(circuit.state(), CircuitState::Open);
    let (status, header) = ask("/stock/chair", "5S").await?;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let header = header.expect("the circuit knows how long");
    timeline::line(
        "client",
        format_args!("is told to come back in {header:?} s"),
    );
    assert!((20..=30).contains(&header.to_str()?.parse::<u32>()?));
    assert_eq!(ask("/health", "5S").await?.0, StatusCode::OK);
    Ok(())
}
