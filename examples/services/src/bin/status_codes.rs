//! A retry condition on the HTTP status: an error that a second request can mend is retried, any
//! other is returned at once.
//!
//! `cargo run -p resilience-example-services --bin status_codes`

use reqwest::{Client, StatusCode};
use resilience::retry;
use resilience_example_services::peers::Statuses;

#[retry(max_retries = 3, base_delay = 20ms, retry_if = is_transient)]
async fn fetch(http: &Client, url: &str) -> reqwest::Result<StatusCode> {
    Ok(http.get(url).send().await?.error_for_status()?.status())
}

/// Busy, down for a moment, or waiting for someone who is. No other status gets better by asking
/// again.
fn is_transient(error: &reqwest::Error) -> bool {
    matches!(
        error.status(),
        Some(
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        )
    )
}

#[tokio::main]
async fn main() -> reqwest::Result<()> {
    let service = Statuses::start();
    let http = Client::builder().no_proxy().build()?;

    println!(
        "The service answers the first two requests with a status, and the next one with 200.\n"
    );
    println!(
        "  {:<32}  {:>8}  {:<7}  outcome",
        "status", "requests", "retried"
    );
    for code in [200, 400, 401, 404, 409, 429, 500, 502, 503, 504] {
        let status = StatusCode::from_u16(code).expect("a status");
        let outcome = fetch(&http, &format!("{}/status/{code}", service.url())).await;
        let requests = service.requests(code);
        let retried = if requests > 1 { "yes" } else { "no" };
        let returned = match &outcome {
            Ok(status) => format!("ok, {status}"),
            Err(error) => format!(
                "error, {}",
                error
                    .status()
                    .map_or_else(|| error.to_string(), |s| s.to_string())
            ),
        };
        // Padded as text: a status does not mind a width.
        println!(
            "  {:<32}  {requests:>8}  {retried:<7}  {returned}",
            status.to_string()
        );

        match code {
            200 => assert_eq!((outcome?, requests), (StatusCode::OK, 1)),
            429 | 503 | 504 => assert_eq!(
                (outcome?, requests),
                (StatusCode::OK, 3),
                "retried until it was well"
            ),
            _ => {
                let error = outcome.expect_err("not retried");
                assert_eq!((error.status(), requests), (Some(status), 1));
            }
        }
    }
    Ok(())
}
