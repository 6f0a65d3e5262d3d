//! The page where a proxy cuts the events, or keeps them.

use std::future;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use resilience::{CircuitBreakerConfig, registry};
use resilience_dashboard::{Access, router};
use resilience_dashboard_tests::{Browser, serve_at};

/// A service whose dashboard is behind a proxy that answers `/events` itself.
async fn behind(proxy: Router) -> String {
    serve_at(proxy.fallback_service(router(Access::read_only()))).await
}

async fn follows(browser: &Browser, root: &str, name: &'static str) {
    let circuit = registry::get_or_register(name, CircuitBreakerConfig::new());
    browser.go(&format!("{root}/ui")).await;
    browser
        .wait_for("document.getElementById('link').textContent === 'Every 2 seconds'")
        .await;
    circuit.trip();
    let first = format!("document.querySelector('.row.open .name')?.textContent === '{name}'");
    browser.wait_for(&first).await;
    circuit.reset();
    browser
        .wait_for("document.querySelectorAll('.row.open').length === 0")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_every_two_seconds_where_events_do_not_arrive() {
    let Some(browser) = Browser::open("the_page_asks_every_two_seconds").await else {
        return;
    };
    let refused = get(async || StatusCode::SERVICE_UNAVAILABLE);
    let root = behind(Router::new().route("/events", refused)).await;
    follows(&browser, &root, "without_events::refused").await;

    let kept = get(async || future::pending::<StatusCode>().await);
    let root = behind(Router::new().route("/events", kept)).await;
    follows(&browser, &root, "without_events::kept").await;
}
