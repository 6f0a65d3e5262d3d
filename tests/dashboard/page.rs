//! The page shows states as they change, obeys the mouse and the keyboard, and gives commands.

#![expect(
    clippy::result_large_err,
    reason = "a hook returns the answer that refuses"
)]

use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use fantoccini::key::Key;
use resilience::events::CommandAction;
use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, bulkhead, circuit_breaker, config, fallback,
    hedge, rate_limit, registry,
};
use resilience_dashboard::{Access, Actor, router};
use resilience_dashboard_tests::{Browser, Theme, Window, serve, serve_at};
use serde_json::json;
use tokio::runtime::Runtime;

/// A circuit that opens stays open for the whole test.
const CONFIG: CircuitBreakerConfig =
    CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(3_600));

fn opened(name: &'static str) -> CircuitBreaker {
    let circuit = registry::get_or_register(name, CONFIG);
    while let Ok(permit) = circuit.acquire() {
        permit.failure();
    }
    circuit
}

/// True if the first row of the list says so.
fn first_row(name: &str, word: &str) -> String {
    let name = json!(name);
    let word = json!(word);
    format!(
        "document.querySelector('.row .name')?.textContent === {name} \
         && document.querySelector('.row .word').textContent === {word}"
    )
}

async fn filter(browser: &Browser, text: &str) {
    browser.type_text("/").await;
    browser.type_text(text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_change_while_the_page_is_open() {
    let Some(browser) = Browser::open("states_change_while_the_page_is_open").await else {
        return;
    };
    let circuit = registry::get_or_register("live::jira", CONFIG);
    let root = serve(router(Access::read_only())).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "live::").await;
    browser.wait_for(&first_row("live::jira", "Closed")).await;
    assert_eq!(browser.text("#link").await, "Live");

    opened("live::jira");
    browser.wait_for(&first_row("live::jira", "Open")).await;
    browser.click(".row").await;
    browser
        .wait_for("document.querySelector('#detail .muted').textContent.startsWith('Because the failures reached')")
        .await;
    assert_eq!(
        browser.text("#detail .failures, #detail h3 + span").await,
        "5 of 5 failures"
    );

    for _ in 0..50 {
        assert!(circuit.acquire().is_err());
    }
    browser
        .wait_for("[...document.querySelectorAll('#detail dd')].some((count) => count.textContent === '51')")
        .await;
    let bars = "document.querySelector('#detail .spark path').getAttribute('d').includes('V')";
    browser.wait_for(bars).await;

    circuit.reset();
    browser.wait_for(&first_row("live::jira", "Closed")).await;
    let history = "[...document.querySelectorAll('#detail ol b')].map((b) => b.textContent).join() === 'Closed,Open'";
    browser.wait_for(history).await;

    registry::get_or_register("live::a_new_one", CONFIG);
    browser
        .wait_for(&first_row("live::a_new_one", "Closed"))
        .await;
    registry::remove("live::a_new_one");
    browser.wait_for(&first_row("live::jira", "Closed")).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[circuit_breaker(
    name = "detail::search",
    failure_threshold = 1,
    recovery_timeout = 1h,
    operation = "detail.find"
)]
fn find() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("shard 4 is down"))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_circuit_shows_its_error_its_operations_and_its_settings() {
    let Some(browser) = Browser::open("one_circuit_shows_its_error").await else {
        return;
    };
    find().expect_err("it is down");
    let root = serve(router(Access::read_only())).await;
    // The address names the circuit, so that people can send it to each other.
    browser
        .go(&format!("{root}/resilience/ui#detail%3A%3Asearch"))
        .await;
    browser
        .wait_for("document.querySelectorAll('#detail table tr').length > 3")
        .await;
    let text = browser.text("#detail").await;
    let place = registry::stats("detail::search").expect("used").declared_at;
    let expected = [
        "detail::search",
        "Open since",
        "shard 4 is down",
        "1 of 1 failure",
        "detail.find",
        &format!("{}:{}", place.file(), place.line()),
        "failure window 60s default",
    ];
    for expected in expected {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    let buttons = browser
        .eval("document.querySelectorAll('.commands').length")
        .await;
    assert_eq!(buttons, json!(0), "nobody may command here");
}

#[bulkhead(5, name = "rows::pool", operation = "rows.pooled")]
#[rate_limit(7, per = 1m, name = "rows::api")]
fn limited() -> Result<(), std::io::Error> {
    Ok(())
}

#[hedge(after = 50ms, budget = "rows::hedges", operation = "rows.hedged")]
async fn hedged() -> Result<(), std::io::Error> {
    Ok(())
}

#[fallback(|_| Ok(()), operation = "rows.answered")]
fn answered() -> Result<(), std::io::Error> {
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hedges_and_fallbacks_show_what_holds_and_where_it_comes_from() {
    let Some(browser) = Browser::open("limits_hedges_and_fallbacks_show_what_holds").await else {
        return;
    };
    limited().and_then(|()| answered()).expect("there is room");
    hedged().await.expect("it is well");
    let file = "[bulkhead.\"rows::pool\"]\nmax_concurrent = 9\n[hedge.\"rows.hedged\"]\nafter = \"70ms\"\n\
                [fallback.\"rows.answered\"]\nenabled = false\n";
    config::apply(file).expect("the file is right");
    let root = serve(router(Access::read_only())).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "rows").await;
    browser.click("#tab-limits").await;
    let attribute = format!("limit 7 {}:", file!());
    let limits = [
        "max concurrent 9 apply:2",
        &attribute,
        "max wait 0ns default",
    ];
    let operations = [
        "bulkhead max concurrent 9 apply:2",
        &format!("rate limit {attribute}"),
        "hedge after 70ms apply:4",
        "fallback enabled false apply:6",
    ];
    let rows = "document.querySelectorAll('.card tr').length > 3";
    for (tab, expected) in [("limits", &limits[..]), ("operations", &operations)] {
        browser.click(&format!("#tab-{tab}")).await;
        browser.wait_for(rows).await;
        let text = browser.text("#panel").await;
        let text: Vec<_> = text.split_whitespace().collect();
        let text = text.join(" ");
        for expected in expected {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_works_and_shows_its_reason_and_its_actor() {
    let Some(browser) = Browser::open("a_command_works").await else {
        return;
    };
    registry::get_or_register("command::index", CONFIG);
    let access = Access::controlled(|_, action| match action.kind() {
        CommandAction::Reset => Err(StatusCode::FORBIDDEN.into_response()),
        _ => Ok(Actor::new("anna")),
    });
    let root = serve(router(access)).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "command::").await;
    browser
        .wait_for(&first_row("command::index", "Closed"))
        .await;
    browser.click(".row").await;
    browser.click(".commands button:nth-child(2)").await;
    // Without a reason nothing is sent.
    browser.press(Key::Enter).await;
    browser.type_text("the index is rebuilt").await;
    browser.press(Key::Tab).await;
    browser.type_text("5").await;
    browser.press(Key::Tab).await;
    browser.press(Key::Enter).await;
    browser
        .wait_for(&first_row("command::index", "Isolated"))
        .await;
    let stats = registry::stats("command::index").expect("it is there");
    let command = stats.command.expect("it holds");
    assert!(stats.isolated && command.until.is_some(), "{command:?}");
    browser
        .wait_for("document.querySelector('#detail ol')?.textContent.includes('isolate by anna: the index is rebuilt')")
        .await;
    let note = browser.text("#detail .note").await;
    assert!(
        note.starts_with("isolate by anna: the index is rebuilt, until "),
        "{note}"
    );
    assert!(
        note.ends_with("By itself the circuit would be closed."),
        "{note}"
    );

    // The hook refuses this one, and the page says so.
    browser.click(".commands button:nth-child(4)").await;
    browser.type_text("enough").await;
    browser.press(Key::Enter).await;
    browser
        .wait_for("document.querySelector('.problem')?.textContent.includes('403')")
        .await;
    assert!(
        registry::stats("command::index")
            .expect("it is there")
            .isolated
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let Some(browser) = Browser::open("the_keyboard_is_enough").await else {
        return;
    };
    opened("keyboard::a");
    for name in ["keyboard::b", "keyboard::c"] {
        registry::get_or_register(name, CONFIG);
    }
    let root = serve(router(Access::controlled(|_, _| Ok(Actor::new("anna"))))).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "keyboard::").await;
    browser
        .wait_for("document.querySelectorAll('.row').length === 3")
        .await;
    let focused = "document.activeElement.querySelector('.name')?.textContent";
    // Behind the filter are the four states, and then the list, which is one stop.
    for _ in 0..5 {
        browser.press(Key::Tab).await;
    }
    assert_eq!(browser.eval(focused).await, json!("keyboard::a"));
    browser.press(Key::Down).await;
    assert_eq!(browser.eval(focused).await, json!("keyboard::b"));
    browser.press(Key::End).await;
    assert_eq!(browser.eval(focused).await, json!("keyboard::c"));
    // The row keeps the focus when it moves.
    opened("keyboard::c");
    browser
        .wait_for("document.querySelectorAll('.row.open').length === 2")
        .await;
    assert_eq!(browser.eval(focused).await, json!("keyboard::c"));
    browser.press(Key::Up).await;
    assert_eq!(browser.eval(focused).await, json!("keyboard::a"));
    browser.press(Key::Enter).await;
    browser
        .wait_for("document.activeElement.id === 'title'")
        .await;
    assert_eq!(browser.text("#title").await, "keyboard::a");
    // Close, and then the first command.
    browser.press(Key::Tab).await;
    browser.press(Key::Tab).await;
    browser.press(Key::Enter).await;
    browser
        .wait_for("document.activeElement.name === 'reason'")
        .await;
    browser.press(Key::Escape).await;
    browser.wait_for("!document.querySelector('form')").await;
    browser.press(Key::Escape).await;
    browser
        .wait_for("document.getElementById('detail').hidden")
        .await;
    assert_eq!(browser.eval(focused).await, json!("keyboard::a"));
    // The views are a list of tabs, which the arrows walk through.
    browser
        .eval("document.getElementById('tab-circuits').focus()")
        .await;
    browser.press(Key::Right).await;
    browser
        .wait_for("document.activeElement.id === 'tab-operations'")
        .await;
    browser
        .wait_for(
            "document.getElementById('panel').getAttribute('aria-labelledby') === 'tab-operations'",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_and_the_states_choose_the_circuits_of_the_list() {
    let Some(browser) = Browser::open("a_filter_and_the_states_choose").await else {
        return;
    };
    opened("filter::open");
    registry::get_or_register("filter::closed", CONFIG);
    let root = serve(router(Access::read_only())).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "FILTER::").await;
    browser
        .wait_for("document.querySelectorAll('.row').length === 2")
        .await;
    browser.click("#states button:nth-child(4)").await;
    browser
        .wait_for(&first_row("filter::closed", "Closed"))
        .await;
    browser.click("#states button:nth-child(1)").await;
    browser.wait_for(&first_row("filter::open", "Open")).await;
    browser.click("#states button:nth-child(4)").await;
    browser
        .wait_for("document.querySelectorAll('.row').length === 1")
        .await;
    filter(&browser, "nothing").await;
    browser
        .wait_for("document.querySelector('.empty')?.textContent === 'Nothing matches the filter.'")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_finds_a_service_again_that_was_restarted() {
    let Some(browser) = Browser::open("the_page_finds_a_service_again").await else {
        return;
    };
    registry::get_or_register("restart::jira", CONFIG);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let first = start(listener);
    browser.go(&format!("http://{address}/ui")).await;
    browser
        .wait_for("document.getElementById('link').textContent === 'Live'")
        .await;
    // The runtime takes all connections with it.
    first.shutdown_background();
    browser
        .wait_for("document.getElementById('link').classList.contains('lost')")
        .await;
    opened("restart::jira");
    let second = start(TcpListener::bind(address).expect("the port is free again"));
    browser
        .wait_for("document.getElementById('link').textContent === 'Live'")
        .await;
    filter(&browser, "restart::").await;
    browser.wait_for(&first_row("restart::jira", "Open")).await;
    second.shutdown_background();
}

/// Serves the dashboard in a runtime of its own.
fn start(listener: TcpListener) -> Runtime {
    let runtime = Runtime::new().expect("a runtime");
    listener.set_nonblocking(true).expect("for tokio");
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        axum::serve(listener, router(Access::read_only())).await
    });
    runtime
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_reader_finds_names_and_roles() {
    let Some(browser) = Browser::open("a_screen_reader_finds_names_and_roles").await else {
        return;
    };
    opened("reader::mail");
    let root = serve(router(Access::controlled(|_, _| Ok(Actor::new("anna"))))).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "reader::").await;
    browser.wait_for(&first_row("reader::mail", "Open")).await;
    browser.click(".row").await;
    browser.click(".commands button").await;
    // Each control has a name, and each picture is hidden or has one.
    let nameless = "[...document.querySelectorAll('button, input, select')].filter((control) => \
        !(control.textContent.trim() || control.getAttribute('aria-label') || control.labels?.length)).length";
    assert_eq!(browser.eval(nameless).await, json!(0));
    let seen = "[...document.querySelectorAll('svg')].filter((picture) => \
        picture.getAttribute('aria-hidden') !== 'true').length";
    assert_eq!(browser.eval(seen).await, json!(0));
    let grid = "['aria-rowcount', 'role', 'aria-label'].every((name) => \
        document.querySelector('.grid').getAttribute(name))";
    assert_eq!(browser.eval(grid).await, json!(true));
    let cells = "[...document.querySelector('.row').children].slice(1).every((cell) => \
        cell.getAttribute('role') === 'gridcell')";
    assert_eq!(browser.eval(cells).await, json!(true));
    // On a phone the circuit covers the list, which is then out of reach.
    browser.show_as(Window::Phone, Theme::Light).await;
    browser
        .wait_for("document.querySelector('.list').inert")
        .await;
}

#[circuit_breaker(
    name = "contrast::mail",
    failure_threshold = 1,
    operation = "contrast.send"
)]
fn send() -> Result<(), CircuitOpen> {
    Ok(())
}

/// The contrast of each visible text to its ground, as WCAG 2 defines it, below the limit for small
/// text.
const POOR_CONTRAST: &str = "(() => {
    const light = (color) => {
        const [r, g, b] = color.map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const ground = (element) => {
        for (; element; element = element.parentElement) {
            const [r, g, b, alpha = 1] = parts(getComputedStyle(element).backgroundColor);
            if (alpha === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const poor = [];
    for (const element of document.querySelectorAll('body *')) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!text || !element.checkVisibility() || element.closest('.sr, .skip, script, style')) continue;
        const pair = [light(parts(getComputedStyle(element).color).slice(0, 3)), light(ground(element))].sort((a, b) => b - a);
        const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
        if (contrast < 4.5) poor.push(`${element.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`);
    }
    return poor;
})()";

#[tokio::test(flavor = "multi_thread")]
async fn each_text_has_enough_contrast() {
    let Some(browser) = Browser::open("each_text_has_enough_contrast").await else {
        return;
    };
    send().expect("well");
    opened("contrast::open");
    registry::get_or_register("contrast::isolated", CONFIG).isolate();
    let root = serve(router(Access::controlled(|_, _| Ok(Actor::new("anna"))))).await;
    browser.go(&format!("{root}/resilience/ui")).await;
    filter(&browser, "contrast::").await;
    browser.wait_for(&first_row("contrast::open", "Open")).await;
    for theme in [Theme::Light, Theme::Dark] {
        browser.show_as(Window::Wide, theme).await;
        for row in 1..=3 {
            browser.click(&format!(".row:nth-child({row})")).await;
            browser.click(".commands button").await;
            tokio::time::sleep(Duration::from_millis(400)).await;
            assert_eq!(
                browser.eval(POOR_CONTRAST).await,
                json!([]),
                "{theme:?}, row {row}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_below_any_prefix_and_asks_nobody_else() {
    let Some(browser) = Browser::open("the_page_works_below_any_prefix").await else {
        return;
    };
    registry::get_or_register("prefix::jira", CONFIG);
    let dashboard = router(Access::read_only());
    let prefixes = ["", "/resilience", "/internal/{tenant}/resilience"];
    for prefix in prefixes {
        let app = match prefix {
            "" => dashboard.clone(),
            prefix => Router::new().nest(prefix, dashboard.clone()),
        };
        let root = serve_at(app).await;
        browser.requests().await;
        let prefix = prefix.replace("{tenant}", "blue");
        browser
            .go(&format!("{root}{prefix}/ui#prefix%3A%3Ajira"))
            .await;
        browser
            .wait_for("document.querySelector('#title')?.textContent === 'prefix::jira'")
            .await;
        browser
            .wait_for("document.querySelector('#detail p.small') !== null")
            .await;
        assert_eq!(browser.text("#link").await, "Live", "{prefix}");
        for request in browser.requests().await {
            let is_own =
                request.starts_with(&format!("{root}{prefix}/")) || request.starts_with("data:");
            assert!(is_own, "{request}");
        }
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{prefix}");
    }
}
