//! The page shows what a fleet knows of a circuit and of a rate limit. The fleet is one of the
//! test.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use resilience::fleet::{
    Coordinator, FleetView, PermitRequest, ProbeRequest, RateLimitCoordinator, StoreContact, Trip,
    Verdict,
};
use resilience::{CircuitBreakerConfig, RateLimitConfig, registry};
use resilience_dashboard::{Access, Actor, router};
use resilience_dashboard_tests::{Browser, serve};

struct Nobody;

impl Coordinator for Nobody {
    fn tripped(&self, _trip: Trip) {}
    fn asked(&self, _request: ProbeRequest) {}
    fn probed(&self, _lease: u64, _verdict: Verdict) {}
}

impl RateLimitCoordinator for Nobody {
    fn wanted(&self, _request: PermitRequest) {}

    fn fleet_name(&self) -> String {
        "orders-<b>prod</b>".to_owned()
    }
}

/// An expression that is true if the detail view says all of the words.
fn shows(words: &[&str]) -> String {
    let words = serde_json::json!(words);
    format!("{words}.every((word) => document.querySelector('#detail').textContent.includes(word))")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_shows_its_fleet_and_follows_it() {
    let Some(browser) = Browser::open("a_circuit_shows_its_fleet").await else {
        return;
    };
    let circuit = registry::get_or_register("page::jira", CircuitBreakerConfig::new());
    registry::get_or_register("page::alone", CircuitBreakerConfig::new());
    let contact = StoreContact::new("orders-prod");
    contact.restored();
    circuit.coordinate(contact.clone(), Arc::new(Nobody));
    let mut view = FleetView::default();
    (view.replicas, view.votes, view.min_votes) = (3, 1, 2);
    circuit.show_fleet(view.clone());
    let root = serve(router(Access::controlled(|_, _| Ok(Actor::new("ana"))))).await;
    browser
        .go(&format!("{root}/resilience/ui#page%3A%3Ajira"))
        .await;
    browser
        .wait_for(&shows(&[
            "Fleet orders-prod",
            "storeconnected",
            "replicas3",
            "votes1",
            "min votes2",
        ]))
        .await;

    view.votes = 0;
    view.probers = vec!["orders-7f9c".to_owned(), "<b>r2</b>".to_owned()];
    view.open_until = Some(SystemTime::now() + Duration::from_secs(60));
    circuit.show_fleet(view);
    let probers = "probersorders-7f9c,<b>r2</b>";
    browser
        .wait_for(&shows(&["votes0", probers, "open until"]))
        .await;
    contact.lost("timeout");
    browser.wait_for(&shows(&["storedegraded"])).await;
    browser.click(".commands button").await;
    browser
        .wait_for(&shows(&["All replicas of its fleet obey."]))
        .await;
    browser.keep_picture("fleet").await;

    // The first row is that of the circuit that comes first by name.
    browser.click(".row").await;
    browser.wait_for(&shows(&["page::alone"])).await;
    browser
        .wait_for("!document.querySelector('#detail').textContent.includes('Fleet ')")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_shows_its_part_and_follows_it() {
    let Some(browser) = Browser::open("a_rate_limit_shows_its_part").await else {
        return;
    };
    let config = RateLimitConfig::new(100, Duration::from_secs(1));
    let limit = registry::get_or_register_rate_limit("page::shared_limit", config);
    registry::get_or_register_rate_limit("page::own_limit", config);
    let root = serve(router(Access::read_only())).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    browser.click("#tab-limits").await;
    let card = |name: &str| {
        let name = serde_json::json!(name);
        format!(
            "[...document.querySelectorAll('.card')].find((card) => card.querySelector('h2').textContent === {name}).textContent"
        )
    };
    let has = |words: &str| {
        format!(
            "{}.includes({})",
            card("page::shared_limit"),
            serde_json::json!(words)
        )
    };
    browser.wait_for(&format!("!{}", has("Fleet"))).await;

    limit.coordinate(Arc::new(Nobody));
    limit.lease_among(4, 10);
    let shown = "Fleet orders-<b>prod</b>batch10replicas4storeconnected";
    browser.wait_for(&has(shown)).await;
    browser.keep_picture("fleet_rate_limit").await;
    limit.divide_among(5);
    browser.wait_for(&has("batch0replicas5storedegraded")).await;
    let own = format!("!{}.includes('Fleet')", card("page::own_limit"));
    browser.wait_for(&own).await;
    limit.end_coordination();
    browser.wait_for(&format!("!{}", has("Fleet"))).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
