//! A client of the runtime that all AWS SDKs have: its retries off, ours on. The runtime is used
//! directly, because a generated SDK takes minutes to compile; with one, the line that turns its
//! retries off is `.retry_config(RetryConfig::disabled())` on its configuration.
//!
//! `cargo run -p resilience-example-aws`

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation, retries::classifiers::HttpStatusCodeClassifier,
};
use aws_smithy_runtime_api::client::{
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    result::SdkError,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig, timeout::TimeoutConfig};
use axum::{Router, extract::State, http::StatusCode, routing::post};
use resilience::{
    CircuitOpen, RetryEvent, TimedOut, circuit_breaker, is_refusal, registry, retry, timeout,
};
use resilience_examples::{server::Server, timeline};

/// The error of the service, as a generated SDK has one for each operation.
#[derive(Debug)]
struct ServiceError {
    status: u16,
    code: String,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code, self.status)
    }
}

impl std::error::Error for ServiceError {}

/// The operation `SendMessage`, which a generated SDK brings along.
type SendMessage = Operation<String, String, ServiceError>;

fn send_message(url: &str, sdk_retries: &RetryConfig) -> SendMessage {
    Operation::builder()
        .service_name("queue")
        .operation_name("SendMessage")
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .no_auth()
        .standard_retry(sdk_retries)
        .retry_classifier(HttpStatusCodeClassifier::default())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        // The limit is in the attribute.
        .timeout_config(TimeoutConfig::disabled())
        .serializer(|body: String| {
            let mut request = HttpRequest::new(SdkBody::from(body));
            request.set_method("POST").expect("a method");
            Ok(request)
        })
        .deserializer(read_answer)
        .build()
}

fn read_answer(response: &HttpResponse) -> Result<String, OrchestratorError<ServiceError>> {
    let body = response.body().bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(body).into_owned();
    if response.status().is_success() {
        return Ok(text);
    }
    let status = response.status().as_u16();
    Err(OrchestratorError::operation(ServiceError {
        status,
        code: text,
    }))
}

#[derive(Debug, thiserror::Error)]
enum QueueError {
    #[error("the service answered {0}")]
    Service(#[source] ServiceError),
    #[error("the service cannot be reached: {0}")]
    Unreachable(String),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl From<SdkError<ServiceError, HttpResponse>> for QueueError {
    fn from(error: SdkError<ServiceError, HttpResponse>) -> Self {
        match error {
            SdkError::ServiceError(context) => Self::Service(context.into_err()),
            error => Self::Unreachable(error.to_string()),
        }
    }
}

impl QueueError {
    /// A service of AWS that limits its callers answers 400, so the code decides and not the
    /// status.
    fn is_throttling(&self) -> bool {
        let codes = ["ThrottlingException", "RequestLimitExceeded", "SlowDown"];
        matches!(self, Self::Service(error) if codes.contains(&error.code.as_str()))
    }

    fn is_transient(&self) -> bool {
        match self {
            Self::Service(error) => error.status >= 500 || self.is_throttling(),
            Self::Unreachable(_) | Self::TimedOut(_) => true,
            Self::CircuitOpen(_) => false,
        }
    }

    /// A service that limits its callers works, and a wrong request is no fault of the service.
    fn is_failure(&self) -> bool {
        self.is_transient() && !self.is_throttling()
    }
}

struct Queue {
    send_message: SendMessage,
}

impl Queue {
    #[retry(max_retries = 2, base_delay = 10ms, budget = "queue", retry_if = QueueError::is_transient,
            on_retry = report_retry)]
    #[circuit_breaker(name = "queue", failure_threshold = 5, failure_if = QueueError::is_failure)]
    #[timeout(5s)]
    async fn send(&self, body: &str) -> Result<String, QueueError> {
        Ok(self.send_message.invoke(body.to_owned()).await?)
    }
}

fn report_retry<T>(event: &RetryEvent<'_, T, QueueError>) {
    if let Err(error) = event.outcome {
        let retry = format_args!("retry {}", event.attempt);
        timeline::timed(retry, "in", event.delay, error);
    }
}

/// A queue that answers by what it is sent, and counts its requests.
async fn queue(State(requests): State<Arc<AtomicU32>>, body: String) -> (StatusCode, &'static str) {
    let number = requests.fetch_add(1, Ordering::SeqCst);
    match body.as_str() {
        "throttled once" if number == 0 => (StatusCode::BAD_REQUEST, "ThrottlingException"),
        "wrong" => (StatusCode::BAD_REQUEST, "InvalidMessageContents"),
        "broken" => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        _ => (StatusCode::OK, "message 7"),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let requests = Arc::new(AtomicU32::new(0));
    let app = Router::new()
        .route("/", post(queue))
        .with_state(Arc::clone(&requests));
    let server = Server::start(move |listener| {
        let app = app.clone();
        async move { axum::serve(listener, app).await }
    });
    let requests = || requests.swap(0, Ordering::SeqCst);
    let ours = Queue {
        send_message: send_message(&server.url(), &RetryConfig::disabled()),
    };

    timeline::chapter("The service limits its callers");
    timeline::line("client", ours.send("throttled once").await?);
    assert_eq!(requests(), 2);

    timeline::chapter("The message is wrong");
    let error = ours.send("wrong").await.unwrap_err();
    timeline::line("client", error);
    assert_eq!(requests(), 1, "it is not retried");
    let circuit = registry::get("queue").expect("it was called");
    assert_eq!(
        circuit.stats().failures,
        0,
        "neither is a fault of the service"
    );

    timeline::chapter("The service is broken");
    ours.send("broken").await.unwrap_err();
    assert_eq!(requests(), 3, "one attempt and two retries");
    let error = [
        ours.send("broken").await.unwrap_err(),
        ours.send("broken").await.unwrap_err(),
    ];
    timeline::line("client", &error[1]);
    assert!(is_refusal(&error[1]));
    assert_eq!(requests(), 2, "the fifth failure opened the circuit");

    timeline::chapter("The same with the retries of the SDK left on");
    circuit.reset();
    let quick = RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(10));
    let both = Queue {
        send_message: send_message(&server.url(), &quick),
    };
    both.send("broken").await.unwrap_err();
    let sent = requests();
    timeline::line("service", format_args!("got {sent} requests for one call"));
    assert_eq!(sent, 9, "three times three, and the budget counts three");
    Ok(())
}
