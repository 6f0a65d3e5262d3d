//! Names and errors that try to be more than text.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

use std::io;

use resilience::{CircuitBreakerConfig, circuit_breaker, registry};
use resilience_dashboard::{Access, Actor, router};
use resilience_dashboard_tests::{Browser, Theme, Window, serve};
use serde_json::json;

const NAMES: [&str; 14] = [
    "<script>window.attacked = 1</script>",
    "<img src=x onerror=\"window.attacked = 1\">",
    "'\"><svg onload=window.attacked=1>",
    "javascript:window.attacked=1",
    "__proto__",
    "constructor",
    "a/b/../c",
    "?query#hash&amp;%2F%00",
    "line\nbreak\ttab",
    "\u{202e}drawkcab si siht",
    "👩‍👩‍👧‍👦 ñ ﷽ \u{0}\u{7f}\u{feff}",
    "{{script}} ${window.attacked=1}",
    "</style></title></textarea><!--",
    "]]>",
];

#[circuit_breaker(
    name = "hostile error",
    failure_threshold = 1,
    operation = "<b onclick=window.attacked=1>find</b>"
)]
fn find() -> Result<(), io::Error> {
    Err(io::Error::other(
        "<script>window.attacked = 1</script>\r\nid: 9\r\n\r\n",
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_errors_stay_text() {
    let Some(browser) = Browser::open("hostile_names_and_errors_stay_text").await else {
        return;
    };
    let long = "long".repeat(2_000);
    let names = NAMES.iter().map(|name| (*name).to_owned());
    let names: Vec<_> = names.chain([long]).collect();
    for name in &names {
        registry::get_or_register(name.clone(), CircuitBreakerConfig::new()).trip();
    }
    find().expect_err("it is down");
    let root = serve(router(Access::controlled(|_, _| {
        Ok(Actor::new("<i>anna</i>"))
    })))
    .await;
    browser.go(&format!("{root}/resilience/ui")).await;
    let elements = browser
        .eval("document.querySelectorAll('script, img, style').length")
        .await;
    assert_eq!(elements, json!(2), "the page's own script and style");
    let shown = browser
        .eval("[...document.querySelectorAll('.row .name')].map((name) => name.textContent)")
        .await;
    for name in &names {
        let shown = shown.as_array().expect("names");
        assert!(shown.contains(&json!(name)), "{name:?}");
    }

    browser.keep_picture("hostile").await;
    for name in names.iter().map(String::as_str).chain(["hostile error"]) {
        let click = format!(
            "[...document.querySelectorAll('.row')].find((row) => row.querySelector('.name').textContent === {}).click()",
            json!(name)
        );
        browser.eval(&click).await;
        // The history comes from `/circuits/{name}`, so the name arrived there whole.
        browser
            .wait_for("document.querySelector('#detail ol') !== null")
            .await;
        let title = browser
            .eval("document.getElementById('title').textContent")
            .await;
        assert_eq!(title, json!(name));
        browser.show_as(Window::Phone, Theme::Light).await;
        let fits = "document.documentElement.scrollWidth <= 360 && document.getElementById('detail').scrollWidth <= 360";
        assert_eq!(browser.eval(fits).await, json!(true), "{name:?}");
        if name.len() > 1_000 {
            browser.keep_picture("hostile-phone").await;
        }
        browser.show_as(Window::Wide, Theme::Light).await;
        browser
            .eval("document.querySelector('.close').click()")
            .await;
    }
    // Browsers shorten a path that has this name, so the service is asked for something else.
    registry::get_or_register("..", CircuitBreakerConfig::new()).trip();
    browser
        .wait_for("[...document.querySelectorAll('.row .name')].some((name) => name.textContent === '..')")
        .await;
    let click = "[...document.querySelectorAll('.row')].find((row) => row.querySelector('.name').textContent === '..').click()";
    browser.eval(click).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let others = browser
        .eval("document.querySelectorAll('#detail li').length")
        .await;
    assert_eq!(others, json!(0), "no other circuit is shown in its place");
    browser.click("#tab-operations").await;
    browser
        .wait_for("document.querySelector('.card h2').textContent.startsWith('<b onclick')")
        .await;
    assert_eq!(
        browser.eval("typeof window.attacked").await,
        json!("undefined")
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
