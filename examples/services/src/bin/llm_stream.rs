//! An answer of a language model that arrives word by word: the request is repeated until the first
//! word is there, and never afterwards, because the user has read the beginning.
//!
//! `cargo run -p resilience-example-services --bin llm_stream`

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::{StreamExt, stream};
use resilience::{RetryEvent, RetryHint, TimedOut, retry, timeout};
use resilience_example_services::timeline;
use resilience_examples::server::Server;

struct Llm {
    http: reqwest::Client,
    url: String,
}

#[derive(Debug, thiserror::Error)]
enum LlmError {
    #[error("rate limited")]
    RateLimited { hint: RetryHint },
    #[error("the answer broke off")]
    BrokenOff,
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error("request failed: {0}")]
    Http(#[from] reqwest::Error),
}

impl LlmError {
    fn hint(&self) -> RetryHint {
        match self {
            Self::RateLimited { hint } => *hint,
            _ => RetryHint::Unknown,
        }
    }
}

/// The words of an answer, as they arrive.
#[derive(Debug)]
struct Words {
    first: Option<String>,
    response: reqwest::Response,
}

impl Llm {
    /// Asks, and waits for the first word. All that is retried is in here.
    #[retry(max_retries = 3, base_delay = 50ms, delay_hint = LlmError::hint, on_retry = report_retry)]
    #[timeout(1s, operation = "first word")]
    async fn ask(&self, prompt: &str) -> Result<Words, LlmError> {
        let request = self.http.post(&self.url).body(prompt.to_owned());
        let mut response = request.send().await?;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            let hint = reset_hint(response.headers());
            return Err(LlmError::RateLimited { hint });
        }
        response = response.error_for_status()?;
        let first = next_word(&mut response).await?;
        let first = Some(first.ok_or(LlmError::BrokenOff)?);
        Ok(Words { first, response })
    }
}

impl Words {
    /// The next word, or `None` at the end. A model that says nothing for half a second hangs.
    #[timeout(500ms, operation = "next word")]
    async fn next(&mut self) -> Result<Option<String>, LlmError> {
        match self.first.take() {
            Some(word) => Ok(Some(word)),
            None => next_word(&mut self.response).await,
        }
    }
}

async fn next_word(response: &mut reqwest::Response) -> Result<Option<String>, LlmError> {
    let chunk = response.chunk().await?;
    Ok(chunk.map(|chunk| String::from_utf8_lossy(&chunk).into_owned()))
}

/// The time until requests and tokens are allowed again, from headers such as
/// `x-ratelimit-reset-tokens: 6m0s`. The later of the two counts.
fn reset_hint(headers: &HeaderMap) -> RetryHint {
    let names = ["x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"];
    let times = names.iter().filter_map(|name| {
        let text = headers.get(*name)?.to_str().ok()?;
        humantime::parse_duration(text).ok()
    });
    times.max().into()
}

fn report_retry<T>(event: &RetryEvent<'_, T, LlmError>) {
    if let Err(error) = event.outcome {
        let retry = format_args!("retry {}", event.attempt);
        timeline::timed(retry, "in", event.delay, error);
    }
}

/// The model: rate limited at first, then broken off before the first word, then well; and broken
/// off after the second word once it has answered a question.
async fn model(State(requests): State<Arc<AtomicU32>>) -> Response {
    let words = match requests.fetch_add(1, Ordering::SeqCst) {
        0 => {
            let headers = [
                ("x-ratelimit-reset-requests", "120ms"),
                ("x-ratelimit-reset-tokens", "0m1s"),
            ];
            return (StatusCode::TOO_MANY_REQUESTS, headers).into_response();
        }
        1 => vec![Err(io::ErrorKind::BrokenPipe)],
        2 => vec![Ok("Because"), Ok(" of"), Ok(" the"), Ok(" air.")],
        _ => vec![Ok("It"), Ok(" rains"), Err(io::ErrorKind::BrokenPipe)],
    };
    let words = stream::iter(words).then(async |word| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        word.map_err(io::Error::from)
    });
    Body::from_stream(words).into_response()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let requests = Arc::new(AtomicU32::new(0));
    let app = Router::new()
        .route("/", post(model))
        .with_state(Arc::clone(&requests));
    let server = Server::start(move |listener| {
        let app = app.clone();
        async move { axum::serve(listener, app).await }
    });
    let http = reqwest::Client::builder().retry(reqwest::retry::never());
    let llm = Llm {
        http: http.no_proxy().build()?,
        url: server.url(),
    };

    timeline::chapter("Why is the sky blue?");
    let mut words = llm.ask("Why is the sky blue?").await?;
    let mut answer = String::new();
    while let Some(word) = words.next().await? {
        timeline::line("model", &word);
        answer += &word;
    }
    assert_eq!(answer, "Because of the air.");
    assert_eq!(
        requests.load(Ordering::SeqCst),
        3,
        "two failures before the first word"
    );

    timeline::chapter("How is the weather?");
    let mut words = llm.ask("How is the weather?").await?;
    let mut answer = String::new();
    let error = loop {
        match words.next().await {
            Ok(Some(word)) => {
                timeline::line("model", &word);
                answer += &word;
            }
            Ok(None) => panic!("the answer breaks off"),
            Err(error) => break error,
        }
    };
    timeline::line("client", format_args!("\"{answer}\" and then: {error}"));
    assert_eq!(answer, "It rains");
    assert_eq!(
        requests.load(Ordering::SeqCst),
        4,
        "nothing is repeated after the first word"
    );
    Ok(())
}
