//! Bulkheads and rate limits stay the same objects: calls that run, calls that wait, statistics and
//! handles survive.

use std::io;
use std::time::Duration;

use resilience::{
    BulkheadConfig, BulkheadFull, RateLimitConfig, RateLimited, Source, bulkhead, config,
    rate_limit, registry, timeout,
};
use resilience_config_tests::{Turn, setting};
use tokio::sync::oneshot::{self, Receiver};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::Instant;

use crate::reports::reports_of;

fn in_file(line: u32) -> Source {
    let path = "apply".to_owned();
    Source::File { path, line }
}

#[bulkhead(2, name = "limiters.pool", operation = "limiters.query")]
async fn query(end: Receiver<()>) -> io::Result<()> {
    end.await.expect("told to end");
    Ok(())
}

/// Starts a call that runs until the sender says so.
async fn start() -> (oneshot::Sender<()>, JoinHandle<io::Result<()>>) {
    let (end, ended) = oneshot::channel();
    let call = tokio::spawn(query(ended));
    for _ in 0..5 {
        yield_now().await;
    }
    (end, call)
}

async fn end(call: (oneshot::Sender<()>, JoinHandle<io::Result<()>>)) {
    call.0.send(()).expect("it runs");
    call.1.await.expect("no panic").expect("admitted");
}

fn pool() -> resilience::BulkheadStats {
    registry::bulkhead("limiters.pool").expect("registered")
}

async fn is_refused() -> bool {
    let (end, ended) = oneshot::channel();
    end.send(()).expect("held");
    query(ended).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_limit_changes_while_calls_run_and_a_lower_one_as_they_end() {
    let turn = Turn::begin();
    let (one, two) = (start().await, start().await);
    assert!(is_refused().await);
    let before = pool();
    turn.set("[bulkhead.\"limiters.pool\"]\nmax_concurrent = 3");
    let three = start().await;
    assert_eq!((pool().limit, pool().in_use), (3, 3));
    assert_eq!(
        setting("limiters.pool", "bulkhead", "max_concurrent"),
        ("3".to_owned(), in_file(2))
    );
    turn.set("[bulkhead.\"limiters.pool\"]\nmax_concurrent = 1");
    assert_eq!(
        (pool().limit, pool().in_use),
        (1, 3),
        "nobody is thrown out"
    );
    end(one).await;
    end(two).await;
    assert!(is_refused().await, "the third one still runs");
    end(three).await;
    assert!(!is_refused().await);
    turn.set("");
    let after = pool();
    assert_eq!(after.limit, 2, "as it is declared");
    assert_eq!(
        (after.admitted, after.refused),
        (before.admitted + 2, before.refused + 1)
    );
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_are_admitted_when_the_limit_rises() {
    let turn = Turn::begin();
    let (one, two) = (start().await, start().await);
    turn.set("[bulkhead.\"limiters.query\"]\nmax_wait = \"1h\"");
    assert_eq!(
        setting("limiters.query", "bulkhead", "max_wait"),
        ("3600s".to_owned(), in_file(2))
    );
    let (three, four) = (start().await, start().await);
    assert_eq!((pool().waiting, pool().in_use), (2, 2));
    turn.set(
        "[bulkhead.\"limiters.query\"]\nmax_wait = \"1h\"\n[bulkhead.\"limiters.pool\"]\nmax_concurrent = 3",
    );
    yield_now().await;
    assert_eq!((pool().waiting, pool().in_use), (1, 3));
    turn.set("");
    assert_eq!(
        (pool().waiting, pool().in_use),
        (1, 3),
        "it goes on to wait"
    );
    end(one).await;
    end(two).await;
    end(three).await;
    end(four).await;
    assert!(pool().in_use == 0 && pool().waiting == 0);
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_that_is_not_enforced_admits_all_and_counts_what_it_would_refuse() {
    let turn = Turn::begin();
    let (one, two) = (start().await, start().await);
    let before = pool();
    turn.set("[bulkhead.\"limiters.pool\"]\nenforce = false");
    let (three, four) = (start().await, start().await);
    let stats = pool();
    assert_eq!((stats.in_use, stats.refused), (4, before.refused));
    assert_eq!(stats.would_refuse, before.would_refuse + 2);
    let stack = &registry::operation("limiters.query").expect("it ran").stack;
    let bulkhead = stack.iter().find(|policy| policy.policy == "bulkhead");
    let mut settings = bulkhead.expect("described").settings.iter();
    let enforce = settings.find(|setting| setting.setting == "enforce");
    assert_eq!(enforce.map(|setting| setting.value.as_str()), Some("false"));
    turn.set("");
    assert!(is_refused().await, "four calls run");
    for call in [one, two, three, four] {
        end(call).await;
    }
    assert_eq!(pool().in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_that_is_not_enabled_is_not_there() {
    let turn = Turn::begin();
    let (one, two) = (start().await, start().await);
    let before = pool();
    turn.set("[bulkhead.\"limiters.pool\"]\nenabled = false");
    let three = start().await;
    assert!(!is_refused().await);
    let stats = pool();
    assert_eq!(
        (stats.admitted, stats.refused, stats.would_refuse),
        (before.admitted, before.refused, before.would_refuse)
    );
    let described = |name| setting("limiters.pool", "bulkhead", name).0;
    assert_eq!(
        [described("max_concurrent"), described("enabled")],
        ["2", "false"]
    );
    turn.set("");
    end(one).await;
    end(two).await;
    let four = start().await;
    assert!(is_refused().await, "the call of the meantime counts");
    end(three).await;
    end(four).await;
}

#[rate_limit(2, per = 1h, name = "limiters.api", operation = "limiters.call")]
async fn call() -> Result<(), RateLimited> {
    Ok(())
}

fn api() -> resilience::RateLimitStats {
    registry::rate_limit("limiters.api").expect("registered")
}

#[tokio::test(start_paused = true)]
async fn a_rate_changes_while_it_is_used_and_turns_that_were_taken_stay_taken() {
    let turn = Turn::begin();
    call().await.expect("the first");
    call().await.expect("the second");
    call().await.expect_err("the third");
    let before = api();
    turn.set("[rate_limit.\"limiters.api\"]\nburst = 3");
    call().await.expect("the third");
    call().await.expect_err("the fourth");
    assert_eq!((api().limit, api().burst), (2, 3));
    assert_eq!(
        setting("limiters.api", "rate_limit", "burst"),
        ("3".to_owned(), in_file(2))
    );
    turn.set("[rate_limit.\"limiters.api\"]\nlimit = 3600\nburst = 1");
    assert_eq!((api().limit, api().per), (3600, Duration::from_secs(3600)));
    call().await.expect_err("the turns are taken");
    turn.set("[rate_limit.\"limiters.api\"]\nenforce = false");
    call().await.expect("not enforced");
    let after = api();
    assert_eq!(
        (after.admitted, after.refused, after.would_refuse),
        (
            before.admitted + 2,
            before.refused + 2,
            before.would_refuse + 1
        )
    );
    turn.set("[rate_limit.\"limiters.api\"]\nenabled = false");
    call().await.expect("not there");
    assert_eq!(api().admitted, after.admitted);
    turn.set("[rate_limit.\"limiters.call\"]\nmax_wait = \"10h\"");
    let start = Instant::now();
    call().await.expect("it waits");
    assert!(
        start.elapsed() >= Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    turn.set("");
    call().await.expect_err("it waits no more");
}

#[bulkhead(5, name = "limiters.keyed", key = tenant, operation = "limiters.of_key")]
fn of_key(tenant: &str) -> Result<&str, BulkheadFull> {
    Ok(tenant)
}

#[test]
fn keys_take_the_values_of_their_name_and_so_do_later_ones() {
    let turn = Turn::begin();
    assert_eq!(of_key("one"), Ok("one"));
    turn.set("[bulkhead.\"limiters.keyed\"]\nmax_concurrent = 7\nmax_keys = 2\nidle = \"1h\"");
    for tenant in ["two", "three"] {
        assert_eq!(of_key(tenant), Ok(tenant));
    }
    let limit = |key| registry::bulkhead_of_key("limiters.keyed", key).map(|stats| stats.limit);
    assert_eq!(
        (limit("one"), limit("two"), limit("three")),
        (Some(7), Some(7), None)
    );
    let stats = registry::bulkhead("limiters.keyed").expect("registered");
    assert_eq!((stats.limit, stats.keys, stats.overflow), (7, 2, 1));
    turn.set("[default.bulkhead]\nmax_keys = 3");
    let described = |name| setting("limiters.keyed", "bulkhead", name);
    assert_eq!(described("max_keys"), ("3".to_owned(), in_file(2)));
    assert_eq!(described("max_concurrent").0, "5");
    assert_eq!((limit("one"), limit("two")), (Some(5), Some(5)));
}

#[test]
fn a_default_for_keys_has_no_effect_on_a_bulkhead_without_a_key() {
    let turn = Turn::begin();
    registry::get_or_register_bulkhead("limiters.plain", BulkheadConfig::new(3));
    turn.set("[default.bulkhead]\nmax_keys = 3\nmax_concurrent = 4");
    let stats = registry::bulkhead("limiters.plain").expect("registered");
    assert_eq!(stats.limit, 4);
    let settings = config::describe("limiters.plain");
    let names: Vec<_> = settings.iter().map(|setting| setting.setting).collect();
    assert_eq!(names, ["name", "max_concurrent"]);
}

#[bulkhead(3, name = "limiters.by_hand", operation = "limiters.by_hand_query")]
fn by_hand() -> Result<(), BulkheadFull> {
    Ok(())
}

#[test]
fn a_limit_by_hand_holds_until_a_file_names_it_and_the_name_says_it() {
    let turn = Turn::begin();
    let pool = registry::get_or_register_bulkhead("limiters.by_hand", BulkheadConfig::new(3));
    let limit = || setting("limiters.by_hand", "bulkhead", "max_concurrent");
    pool.reconfigure(BulkheadConfig::new(7));
    assert_eq!(limit(), ("7".to_owned(), Source::Reconfigured));
    assert_eq!(
        registry::bulkhead("limiters.by_hand").map(|it| it.limit),
        Some(7)
    );
    by_hand().expect("admitted");
    let stack = registry::operation("limiters.by_hand_query")
        .expect("it ran")
        .stack;
    let mut settings = stack[0].settings.iter();
    let in_stack = settings.find(|setting| setting.setting == "max_concurrent");
    assert_eq!(
        in_stack.map(|it| (it.value.as_str(), &it.source)),
        Some(("7", &Source::Reconfigured))
    );
    turn.set("[default.bulkhead]\nmax_concurrent = 2");
    assert_eq!(limit().0, "7", "it is not named");
    turn.set("[bulkhead.\"limiters.by_hand\"]\nmax_concurrent = 4");
    assert_eq!(limit(), ("4".to_owned(), in_file(2)));
    turn.set("");
    assert_eq!(limit().0, "3", "as it was declared");
    let api = registry::get_or_register_rate_limit(
        "limiters.rate_by_hand",
        RateLimitConfig::new(3, Duration::from_secs(1)),
    );
    api.reconfigure(RateLimitConfig::new(9, Duration::from_secs(2)));
    let stats = registry::rate_limit("limiters.rate_by_hand").expect("registered");
    assert_eq!((stats.limit, stats.per), (9, Duration::from_secs(2)));
}

#[bulkhead(5, name = "limiters.later", operation = "limiters.later_query")]
fn later() -> Result<(), BulkheadFull> {
    Ok(())
}

#[test]
fn a_bulkhead_that_is_registered_later_keeps_its_own_values_if_the_file_contradicts_it() {
    let turn = Turn::begin();
    turn.set("[bulkhead.\"limiters.later\"]\nmax_concurrent = 9\nmax_keys = 7");
    assert_eq!(config::unused(), ["limiters.later"]);
    let reports = reports_of(|| {
        for _ in 0..2 {
            later().expect("admitted");
        }
    });
    assert!(
        reports.len() == 1
            && reports[0].contains("`max_keys` belongs to `key`, a bulkhead for each key"),
        "{reports:?}"
    );
    assert_eq!(
        setting("limiters.later", "bulkhead", "max_concurrent").0,
        "5"
    );
    turn.set("[bulkhead.\"limiters.later\"]\nmax_concurrent = 9");
    assert_eq!(
        setting("limiters.later", "bulkhead", "max_concurrent").0,
        "9"
    );
}

#[timeout(1s, operation = "limiters.limited")]
#[bulkhead(5, name = "limiters.limited_pool", max_wait = 500ms)]
async fn limited() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn the_wait_stands_in_the_section_of_the_operation_and_fits_the_timeout_around_it() {
    let turn = Turn::begin();
    limited().await.expect("it runs");
    turn.set("[bulkhead.\"limiters.limited\"]\nmax_wait = \"1s\"");
    let errors = turn
        .apply("[bulkhead.\"limiters.limited\"]\nmax_wait = \"2s\"")
        .expect_err("above the timeout");
    assert!(
        errors
            .to_string()
            .contains("`max_wait` of 2s can never be reached"),
        "{errors}"
    );
    let errors = turn
        .apply("[timeout.\"limiters.limited\"]\nlimit = \"100ms\"")
        .expect_err("below the wait");
    assert!(
        errors
            .to_string()
            .contains("`max_wait` of 500ms can never be reached"),
        "{errors}"
    );
    // Neither the wait of the shared name nor the limit of the operation has a user.
    turn.set(
        "[bulkhead.\"limiters.limited_pool\"]\nmax_wait = \"1s\"\n[bulkhead.\"limiters.limited\"]\nmax_concurrent = 3",
    );
    assert_eq!(
        config::unused(),
        ["limiters.limited", "limiters.limited_pool"]
    );
    let stack = registry::operation("limiters.limited")
        .expect("it ran")
        .stack;
    let value = |name: &str| {
        let mut settings = stack[1].settings.iter();
        settings
            .find(|it| it.setting == name)
            .map(|it| it.value.clone())
    };
    assert_eq!(value("max_concurrent").as_deref(), Some("5"));
    assert_eq!(value("max_wait").as_deref(), Some("500ms"));
}
