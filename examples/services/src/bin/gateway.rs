//! A gateway: requests are values that it passes on, so there is no function to annotate. Circuit,
//! retry budget and bulkhead are layers of `tower`.
//!
//! `cargo run -p resilience-example-services --bin gateway`

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{HeaderValue, Method, Request, Response, StatusCode, header::RETRY_AFTER},
    routing::any,
};
use resilience::{
    Bulkhead, BulkheadConfig, CircuitBreakerConfig, CircuitOpen, RetryBudget, RetryConfig,
    http::retry_after, is_refusal, registry,
};
use resilience_example_services::timeline;
use resilience_examples::server::Server;
use resilience_tower::{BulkheadLayer, CircuitBreakerLayer, RetryLayer};
use tower::{BoxError, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

static BUDGET: RetryBudget = RetryBudget::new()
    .name("backend")
    .ratio(0.2)
    .min_per_second(0);

/// The way to the backend. Bodies are whole, because a body that streams cannot be sent twice.
type Backend = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

fn backend(http: reqwest::Client, url: String) -> Backend {
    let circuit = CircuitBreakerConfig::new()
        .failure_threshold(20)
        .recovery_timeout(Duration::from_secs(1));
    let circuit = registry::get_or_register("backend", circuit);
    let bulkhead = BulkheadConfig::new(50).max_wait(Duration::from_millis(100));
    let retry = RetryConfig::new()
        .max_retries(2)
        .base_delay(Duration::from_millis(10));
    let layers = ServiceBuilder::new()
        .layer(
            RetryLayer::new("backend", retry.budget(&BUDGET))
                .repeat_if(|request: &Request<Bytes>| request.method().is_idempotent())
                .failure_if_ok(is_failure)
                .delay_hint(|response: &Response<Bytes>| {
                    retry_after(response.status(), response.headers())
                }),
        )
        .layer(CircuitBreakerLayer::new(circuit).failure_if_ok(is_failure))
        .layer(BulkheadLayer::new(Bulkhead::new("backend", bulkhead)))
        .service_fn(move |request| pass_on(http.clone(), url.clone(), request));
    BoxCloneSyncService::new(layers)
}

fn is_failure(response: &Response<Bytes>) -> bool {
    response.status().is_server_error()
}

/// Sends a request to the backend.
async fn pass_on(
    http: reqwest::Client,
    url: String,
    request: Request<Bytes>,
) -> reqwest::Result<Response<Bytes>> {
    let (parts, body) = request.into_parts();
    let sent = http.request(parts.method, url).body(body).send().await?;
    let status = sent.status();
    let mut response = Response::new(sent.bytes().await?);
    *response.status_mut() = status;
    Ok(response)
}

/// The entry of the gateway. Each request waits for its own clone of the way to the backend.
async fn handle(State(backend): State<Backend>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let response = match to_bytes(body, 64 * 1024).await {
        Ok(body) => {
            let request = Request::from_parts(parts, body);
            let answered = backend.oneshot(request).await;
            answered.unwrap_or_else(|error| answer_of(&error))
        }
        Err(_) => response(StatusCode::PAYLOAD_TOO_LARGE, "at most 64 KiB".to_owned()),
    };
    response.map(Body::from)
}

fn response(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response
}

/// A refusal is 503 with `Retry-After`, and every other error is 502.
fn answer_of(error: &BoxError) -> Response<Bytes> {
    let status = if is_refusal(&**error) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_GATEWAY
    };
    let mut response = response(status, error.to_string());
    let open = error.downcast_ref::<CircuitOpen>();
    if let Some(wait) = open.and_then(CircuitOpen::retry_after) {
        let seconds = HeaderValue::from(wait.as_secs() + 1);
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// A backend that can fail, and counts its requests.
#[derive(Default)]
struct Shop {
    fails: AtomicBool,
    requests: AtomicU32,
}

async fn shop(State(shop): State<Arc<Shop>>) -> StatusCode {
    shop.requests.fetch_add(1, Ordering::SeqCst);
    if shop.fails.load(Ordering::SeqCst) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    }
}

fn serve(app: Router) -> Server {
    Server::start(move |listener| {
        let app = app.clone();
        async move { axum::serve(listener, app).await }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()?;
    let state = Arc::new(Shop::default());
    let shop = serve(
        Router::new()
            .route("/", any(shop))
            .with_state(Arc::clone(&state)),
    );
    let entry = backend(http.clone(), shop.url());
    let gateway = serve(Router::new().route("/", any(handle)).with_state(entry));
    let ask = async |method: Method| http.request(method, gateway.url()).send().await;

    timeline::chapter("The backend is fine");
    for _ in 0..20 {
        assert_eq!(ask(Method::GET).await?.status(), StatusCode::OK);
    }
    timeline::line("backend", "20 requests for 20 calls");
    assert_eq!(state.requests.swap(0, Ordering::SeqCst), 20);

    timeline::chapter("The backend fails");
    state.fails.store(true, Ordering::SeqCst);
    let status = ask(Method::POST).await?.status();
    timeline::line("client", format_args!("POST: {status}"));
    assert_eq!(
        state.requests.swap(0, Ordering::SeqCst),
        1,
        "POST is not sent twice"
    );
    while registry::get("backend").is_some_and(|circuit| circuit.stats().opened == 0) {
        let status = ask(Method::GET).await?.status();
        assert!(status.is_server_error());
    }
    let used = BUDGET.stats();
    timeline::line(
        "budget",
        format_args!("{} retries for {} calls", used.retries, used.calls),
    );
    assert!(
        used.retries * 5 <= used.calls + 5,
        "one retry for five calls"
    );

    let requests = state.requests.load(Ordering::SeqCst);
    let refused = ask(Method::GET).await?;
    timeline::line("client", format_args!("GET: {}", refused.status()));
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(RETRY_AFTER));
    assert_eq!(
        state.requests.load(Ordering::SeqCst),
        requests,
        "the circuit is open"
    );

    timeline::chapter("The backend is fine again");
    state.fails.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        assert_eq!(ask(Method::GET).await?.status(), StatusCode::OK);
    }
    let circuit = registry::stats("backend").expect("it is registered");
    timeline::line("circuit", circuit.state);
    assert_eq!(circuit.closed, 1);
    Ok(())
}
