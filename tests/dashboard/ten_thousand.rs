//! A service with 10,000 circuits.

use std::time::{Duration, Instant};

use fantoccini::key::Key;
use resilience::{CircuitBreakerConfig, registry};
use resilience_dashboard::{Access, router};
use resilience_dashboard_tests::{Browser, Theme, Window, serve};
use serde_json::json;

/// The circuit that opens stays open for the whole test.
const CONFIG: CircuitBreakerConfig =
    CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(3_600));

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_circuits_stay_usable() {
    let Some(browser) = Browser::open("ten_thousand_circuits_stay_usable").await else {
        return;
    };
    for number in 0..10_000 {
        let name = format!("tenant-{number:05}");
        registry::get_or_register(name, CONFIG);
    }
    let root = serve(router(Access::read_only())).await;
    let began = Instant::now();
    browser.go(&format!("{root}/resilience/ui")).await;
    browser
        .wait_for("document.querySelector('.row') !== null")
        .await;
    let loaded = began.elapsed();
    println!("the page shows them after {loaded:.1?}");
    // A second is promised.
    assert!(loaded < Duration::from_secs(10), "{loaded:?}");
    assert_eq!(browser.text("h1").await, "All 10,000 circuits closed");
    let rows = browser
        .eval("document.querySelectorAll('.row').length < 60")
        .await;
    assert_eq!(rows, json!(true), "rows are made as they come into view");

    // The last of them, by one key.
    for _ in 0..6 {
        browser.press(Key::Tab).await;
    }
    browser.eval("document.querySelector('.row').focus()").await;
    browser.press(Key::End).await;
    let last = "document.activeElement.querySelector('.name')?.textContent === 'tenant-09999'";
    browser.wait_for(last).await;
    let rows = browser
        .eval("document.querySelectorAll('.row').length < 60")
        .await;
    assert_eq!(rows, json!(true));

    // One that opens comes to the top, and the row with the focus keeps it.
    registry::trip("tenant-06543");
    browser
        .wait_for("document.querySelector('h1').textContent === '1 open of 10,000 circuits'")
        .await;
    browser
        .wait_for("document.getElementById('news').textContent === 'tenant-06543 is open'")
        .await;
    browser.wait_for(last).await;
    browser.eval("scrollTo(0, 0)").await;
    browser
        .wait_for("document.querySelector('.row .name').textContent === 'tenant-06543'")
        .await;

    browser.keep_picture("ten-thousand").await;
    // The longest time in which the page does not answer, while it paints and filters.
    browser
        .eval("document.getElementById('filter').focus()")
        .await;
    browser.type_text("0777").await;
    browser
        .wait_for("document.querySelectorAll('.row').length === 11")
        .await;
    let painted = "(() => { const began = performance.now(); dispatchEvent(new Event('scroll')); \
        document.getElementById('filter').value = ''; \
        document.getElementById('filter').dispatchEvent(new Event('input')); \
        return new Promise((done) => requestAnimationFrame(() => done(performance.now() - began))); })()";
    let millis = browser.eval(painted).await.as_f64().expect("a number");
    println!("filtering and painting takes {millis:.0} ms");
    // A tenth of a second feels immediate.
    assert!(millis < 1_000.0, "{millis} ms");
    browser.show_as(Window::Phone, Theme::Light).await;
    let fits = browser
        .eval("document.documentElement.scrollWidth <= 360")
        .await;
    assert_eq!(fits, json!(true));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
