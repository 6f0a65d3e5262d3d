//! The page as a person sees it: wide and on a phone, light and dark, with nothing wrong and with
//! much. `SCREENSHOTS=folder cargo test -p resilience-dashboard-tests --test pictures` keeps the
//! pictures; two of them are in docs/.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

use std::env;
use std::time::Duration;

use fantoccini::key::Key;
use resilience::{
    CircuitBreakerConfig, CircuitOpen, Command, TimedOut, bulkhead, circuit_breaker, config,
    registry, retry, timeout,
};
use resilience_dashboard::{Access, Actor, router};
use resilience_dashboard_tests::{Browser, Theme, Window, serve};
use serde_json::json;
use tokio::time::sleep;

#[derive(Debug)]
enum ShopError {
    Service(&'static str),
    CircuitOpen,
    TimedOut,
}

impl std::fmt::Display for ShopError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service(text) => f.write_str(text),
            Self::CircuitOpen => f.write_str("the circuit is open"),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}

impl From<CircuitOpen> for ShopError {
    fn from(_: CircuitOpen) -> Self {
        Self::CircuitOpen
    }
}

impl From<TimedOut> for ShopError {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

type Answer = Result<(), ShopError>;

/// The answer of the service, as the test tells it.
type Told = Result<(), &'static str>;

#[retry(max_retries = 2, base_delay = 20ms, budget = "checkout", operation = "checkout.charge")]
#[circuit_breaker(name = "payments", failure_threshold = 3)]
#[timeout(800ms)]
async fn charge(told: Told) -> Answer {
    told.map_err(ShopError::Service)
}

#[retry(max_retries = 3, base_delay = 100ms, budget = "checkout", operation = "catalogue.search")]
#[circuit_breaker(name = "search", failure_rate = 0.5, minimum_calls = 10, recovery_timeout = 2s)]
async fn search(told: Told) -> Answer {
    told.map_err(ShopError::Service)
}

#[circuit_breaker(
    name = "recommendations",
    failure_threshold = 8,
    operation = "home.recommend"
)]
#[timeout(300ms)]
async fn recommend(told: Told) -> Answer {
    told.map_err(ShopError::Service)
}

#[circuit_breaker(
    name = "payments",
    failure_threshold = 3,
    operation = "checkout.refund"
)]
#[timeout(2s)]
async fn refund(told: Told) -> Answer {
    told.map_err(ShopError::Service)
}

#[bulkhead(25, name = "database", operation = "catalogue.list")]
fn catalogue() -> Result<(), std::io::Error> {
    Ok(())
}

/// The other circuits of the service, which are well.
const WELL: [&str; 9] = [
    "accounts",
    "exchange_rates",
    "geocoder",
    "images",
    "inventory",
    "llm_api",
    "mail",
    "shipping",
    "taxes",
];

async fn bring_about_an_incident() {
    config::load("resilience.toml").expect("the file is right");
    catalogue().expect("there is room");
    for name in WELL {
        let circuit = registry::get_or_register(name, CircuitBreakerConfig::new());
        for _ in 0..name.len() * 37 {
            circuit.acquire().expect("closed").success();
        }
    }
    let tenants = registry::get_or_register_family(
        "tenants",
        CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(300)),
    );
    for tenant in 0..48 {
        tenants.acquire(tenant).expect("closed").success();
    }
    tenants.circuit(7).trip();
    for _ in 0..200 {
        let _ = (
            charge(Ok(())).await,
            recommend(Ok(())).await,
            search(Ok(())).await,
            refund(Ok(())).await,
        );
    }
    for _ in 0..3 {
        let _ = recommend(Err("no answer from 10.0.3.17:8080")).await;
    }
    let maintenance = Command::new("the vendor maintains it until midnight").by("anna");
    registry::isolate_with(
        "exchange_rates",
        maintenance.for_(Duration::from_secs(5_400)),
    );
    for _ in 0..210 {
        let _ = search(Err("503 Service Unavailable: shard 4 is rebuilding")).await;
    }
    sleep(Duration::from_millis(2100)).await;
    for _ in 0..5 {
        let _ = charge(Err(
            "connection to payments.internal:443 timed out after 800 ms",
        ))
        .await;
    }
}

/// Calls the open circuit, as the users of the service do.
async fn call_on() {
    for moment in 0_u32.. {
        for _ in 0..(moment * 7 % 23 + moment % 5) {
            let _ = refund(Ok(())).await;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_fits_its_window_in_each_form() {
    let Some(browser) = Browser::open("the_page_fits_its_window_in_each_form").await else {
        return;
    };
    let picture = async |name: &str| {
        sleep(Duration::from_millis(400)).await;
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.eval(fits).await, json!(true), "{name}");
        browser.keep_picture(name).await;
    };
    let root = serve(router(Access::controlled(|_, _| Ok(Actor::new("anna"))))).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    picture("empty").await;
    for name in &WELL[..3] {
        registry::get_or_register(*name, CircuitBreakerConfig::new());
    }
    browser
        .wait_for("document.querySelectorAll('.row').length === 3")
        .await;
    picture("three").await;
    browser.show_as(Window::Phone, Theme::Dark).await;
    picture("three-phone-dark").await;
    browser.show_as(Window::Wide, Theme::Light).await;
    bring_about_an_incident().await;
    tokio::spawn(call_on());
    let minute = if env::var_os("SCREENSHOTS").is_some() {
        45
    } else {
        2
    };
    sleep(Duration::from_secs(minute)).await;
    picture("wide").await;
    browser.show_as(Window::Wide, Theme::Dark).await;
    picture("wide-dark").await;
    browser.show_as(Window::Phone, Theme::Light).await;
    picture("phone").await;
    browser.show_as(Window::Phone, Theme::Dark).await;
    picture("phone-dark").await;
    browser.click(".row.open").await;
    browser
        .wait_for("document.querySelectorAll('#detail table tr').length > 3")
        .await;
    // The file wins over the attribute, and the page says so.
    let settings = browser.text("#detail table").await;
    assert!(settings.contains("120s\nresilience.toml:4"), "{settings}");
    picture("phone-detail-dark").await;
    browser.show_as(Window::Wide, Theme::Light).await;
    // The pointer would show the row below it in another colour.
    browser.click("h1").await;
    picture("detail").await;
    browser.click(".commands button:nth-child(2)").await;
    browser.type_text("payments is failing over").await;
    browser.show_as(Window::Wide, Theme::Dark).await;
    picture("detail-dark").await;
    browser.show_as(Window::Wide, Theme::Light).await;
    browser.press(Key::Escape).await;
    browser
        .eval("document.getElementById('detail').scrollTop = 600")
        .await;
    picture("detail-below").await;
    for tab in ["operations", "limits", "process"] {
        browser.click(&format!("#tab-{tab}")).await;
        picture(tab).await;
    }
    let process = browser.text("#panel").await;
    assert!(process.contains("resilience.toml"), "{process}");
    browser.show_as(Window::Phone, Theme::Light).await;
    browser.click("#tab-operations").await;
    picture("operations-phone").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
