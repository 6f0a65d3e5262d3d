//! A method with all three attributes that calls a language model: rate limited first, then too
//! slow, then well.
//!
//! `cargo run -p resilience-example-services --bin llm_call`

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use resilience::{
    CircuitOpen, RetryEvent, RetryHint, TimedOut, circuit_breaker, http, registry, retry, timeout,
};
use resilience_example_services::{peers::Assistant, timeline};
use serde::{Deserialize, Serialize};

struct Llm {
    http: reqwest::Client,
    url: String,
}

impl Llm {
    #[retry(max_retries = 4, base_delay = 100ms, max_delay = 10s, retry_if = LlmError::is_transient,
            delay_hint = LlmError::hint, on_retry = report_retry)]
    // A service that limits its callers works: that counts for nothing.
    #[circuit_breaker(name = "llm_api", failure_threshold = 5, recovery_timeout = 30s, failure_if = LlmError::is_transient,
                      ignore(LlmError::RateLimited { .. }), error = LlmError::Unavailable)]
    #[timeout(2s, error = LlmError::TooSlow)]
    async fn generate(&self, prompt: &str) -> Result<String, LlmError> {
        let request = Prompt {
            prompt,
            max_tokens: 100,
        };
        let response = self
            .http
            .post(format!("{}/generate", self.url))
            .json(&request)
            .send()
            .await?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let hint = http::retry_after(status, response.headers());
            return Err(LlmError::RateLimited { hint });
        }
        let completion: Completion = response.error_for_status()?.json().await?;
        Ok(completion.text)
    }
}

#[derive(Serialize)]
struct Prompt<'a> {
    prompt: &'a str,
    max_tokens: u32,
}

#[derive(Deserialize)]
struct Completion {
    text: String,
}

#[derive(Debug, thiserror::Error)]
enum LlmError {
    #[error("rate limited")]
    RateLimited { hint: RetryHint },
    #[error("too slow: {0}")]
    TooSlow(TimedOut),
    #[error("not available: {0}")]
    Unavailable(CircuitOpen),
    #[error("request failed: {0}")]
    Http(#[from] reqwest::Error),
}

impl LlmError {
    /// Returns true if the same request may succeed later.
    fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::TooSlow(_) => true,
            Self::Unavailable(_) => false,
            Self::Http(error) => {
                error.is_connect()
                    || error
                        .status()
                        .is_some_and(|status| status.is_server_error())
            }
        }
    }

    /// The word of the service about the next attempt.
    fn hint(&self) -> RetryHint {
        match self {
            Self::RateLimited { hint } => *hint,
            _ => RetryHint::Unknown,
        }
    }
}

fn report_retry<T>(event: &RetryEvent<'_, T, LlmError>) {
    if let Err(error) = event.outcome {
        let asked = if matches!(error.hint(), RetryHint::After(_)) {
            ", as the service asked"
        } else {
            ""
        };
        timeline::timed(
            format_args!("retry {}", event.attempt),
            "in",
            event.delay,
            format_args!("{error}{asked}"),
        );
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = Assistant::start();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let llm = Llm {
        http,
        url: service.url(),
    };

    let prompt = "Why is the sky blue?";
    timeline::line("prompt", prompt);
    let started = Instant::now();
    let text = llm.generate(prompt).await?;
    timeline::timed("answer", "ok", started.elapsed(), &text);
    assert_eq!(text, "That is a question of 5 words.");

    let arrivals = service.arrivals();
    assert_eq!(arrivals.len(), 3, "rate limited, too slow, well");
    // Without the hint, the first wait would have been 100 ms at most.
    let left_alone = arrivals[1] - arrivals[0];
    assert!(
        left_alone >= Duration::from_secs(1),
        "Retry-After was honoured"
    );

    let stats = registry::stats("llm_api").expect("the function was called");
    assert_eq!(
        (stats.successes, stats.failures, stats.ignored),
        (1, 1, 1),
        "being rate limited is no failure"
    );

    println!();
    println!("The service asked to be left alone for 1s, and was for {left_alone:.2?}.");
    println!(
        "The circuit \"{}\" is {}: {} success, {} failure, {} ignored.",
        stats.name, stats.state, stats.successes, stats.failures, stats.ignored
    );
    Ok(())
}
