//! A client of an HTTP API with `reqwest`: its own retries off, statuses filtered, `Retry-After`
//! honoured, the deadline sent along, and nothing sent twice that may not be.
//!
//! `cargo run -p resilience-example-services --bin reqwest_client`

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::get,
};
use reqwest::StatusCode;
use resilience::{
    CircuitOpen, RetryHint, TimedOut, circuit_breaker,
    http::{insert_deadline, retry_after},
    registry, retry, timeout,
};
use resilience_example_services::timeline;
use resilience_examples::server::Server;

struct Reports {
    http: reqwest::Client,
    url: String,
    keys: AtomicU32,
}

#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error("the service answered {status}")]
    Status { status: StatusCode, hint: RetryHint },
    #[error("request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl ReportError {
    /// Returns true if the same request may succeed later. The service has not worked on it, or the
    /// request may be worked on twice.
    fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status.as_u16(), 429 | 502 | 503 | 504),
            // A body that is cut off, a connection that is refused or reset.
            Self::Http(error) => !error.is_builder() && !error.is_decode(),
            Self::TimedOut(_) => true,
            Self::CircuitOpen(_) => false,
        }
    }

    /// Returns true if the service is at fault, and not the request.
    fn is_failure(&self) -> bool {
        match self {
            Self::Status { status, .. } => status.is_server_error(),
            _ => true,
        }
    }

    fn hint(&self) -> RetryHint {
        match self {
            Self::Status { hint, .. } => *hint,
            _ => RetryHint::Unknown,
        }
    }
}

impl Reports {
    fn new(url: String) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            // One layer retries. Two would multiply their attempts, and the budget would see a
            // part.
            .retry(reqwest::retry::never())
            // The limits are in the attributes. A limit here as well would be another error.
            .connect_timeout(Duration::from_secs(1))
            .no_proxy()
            .build()?;
        let keys = AtomicU32::new(0);
        Ok(Self { http, url, keys })
    }

    /// Reads a report. It may be asked for as often as needed.
    #[timeout(10s)]
    #[retry(max_retries = 3, base_delay = 50ms, budget = "reports", retry_if = ReportError::is_transient,
            delay_hint = ReportError::hint)]
    #[circuit_breaker(name = "reports", failure_threshold = 5, failure_if = ReportError::is_failure)]
    #[timeout(2s)]
    async fn read(&self) -> Result<String, ReportError> {
        let request = self.http.get(format!("{}/reports", self.url));
        body(request.headers(deadline()).send().await?).await
    }

    /// Creates a report. All attempts of one call carry one key, by which the service knows them.
    async fn create(&self, title: &str) -> Result<String, ReportError> {
        let key = format!("report-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.post(title, &key).await
    }

    #[retry(max_retries = 3, base_delay = 50ms, budget = "reports", retry_if = ReportError::is_transient,
            delay_hint = ReportError::hint)]
    #[circuit_breaker(name = "reports", failure_threshold = 5, failure_if = ReportError::is_failure)]
    #[timeout(2s)]
    async fn post(&self, title: &str, key: &str) -> Result<String, ReportError> {
        let request = self.http.post(format!("{}/reports", self.url));
        let request = request.header("idempotency-key", key).headers(deadline());
        body(request.body(title.to_owned()).send().await?).await
    }
}

/// The headers that tell the service how long its answer is waited for.
fn deadline() -> HeaderMap {
    let mut headers = HeaderMap::new();
    insert_deadline(&mut headers);
    headers
}

/// Reads the body within the attempt, because it may be cut off as well.
async fn body(response: reqwest::Response) -> Result<String, ReportError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response.text().await?);
    }
    let hint = retry_after(status, response.headers());
    Err(ReportError::Status { status, hint })
}

/// The service, with the statuses of its next answers and the requests that it got.
#[derive(Default)]
struct Desk {
    answers: Mutex<Vec<StatusCode>>,
    requests: Mutex<Vec<(Instant, HeaderMap)>>,
}

async fn answer(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    desk.requests
        .lock()
        .unwrap()
        .push((Instant::now(), headers));
    match desk.answers.lock().unwrap().pop() {
        Some(status @ StatusCode::SERVICE_UNAVAILABLE) => {
            (status, [(RETRY_AFTER, "1")]).into_response()
        }
        Some(status) => status.into_response(),
        None => "42 pages".into_response(),
    }
}

impl Desk {
    /// Begins the next part of the story: the statuses of the next answers, the last one first.
    fn begin(&self, answers: &[StatusCode]) {
        *self.answers.lock().unwrap() = answers.to_vec();
        self.requests.lock().unwrap().clear();
    }

    fn requests(&self) -> Vec<(Instant, HeaderMap)> {
        self.requests.lock().unwrap().clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let desk = Arc::new(Desk::default());
    let app = Router::new().route("/reports", get(answer).post(answer));
    let app = app.with_state(Arc::clone(&desk));
    let server = Server::start(move |listener| {
        let app = app.clone();
        async move { axum::serve(listener, app).await }
    });
    let reports = Reports::new(server.url())?;

    timeline::chapter("503 with Retry-After: 1, then 200");
    desk.begin(&[StatusCode::SERVICE_UNAVAILABLE]);
    timeline::line("client", reports.read().await?);
    let requests = desk.requests();
    assert_eq!(requests.len(), 2);
    let pause = requests[1].0 - requests[0].0;
    timeline::timed("service", "alone", pause, "between the two requests");
    assert!(pause >= Duration::from_secs(1), "Retry-After was honoured");
    for (_, headers) in &requests {
        let header = headers["x-envoy-expected-rq-timeout-ms"].to_str()?;
        timeline::line("service", format_args!("is waited for {header} ms"));
        assert!(header.parse::<u32>()? <= 2000, "the limit of the attempt");
    }

    timeline::chapter("404");
    desk.begin(&[StatusCode::NOT_FOUND]);
    let error = reports.read().await.unwrap_err();
    timeline::line("client", error);
    assert_eq!(desk.requests().len(), 1, "asking again does not help");

    timeline::chapter("A report is created, and the first answer is 502");
    desk.begin(&[StatusCode::BAD_GATEWAY]);
    reports.create("Sales").await?;
    let requests = desk.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        requests[0].1["idempotency-key"],
        requests[1].1["idempotency-key"]
    );
    timeline::line("service", "got the same idempotency key twice");

    let circuit = registry::stats("reports").expect("it was called");
    assert_eq!(
        (circuit.successes, circuit.failures),
        (3, 2),
        "404 is no failure"
    );
    let budget = registry::budget("reports").expect("it was used");
    println!();
    println!(
        "{} calls and {} retries are in the budget.",
        budget.calls, budget.retries
    );
    assert_eq!((budget.calls, budget.retries), (3, 2));
    Ok(())
}
