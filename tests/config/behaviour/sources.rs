//! Where the value of a setting comes from, and which source wins.

use std::io;

use resilience::{CircuitBreakerConfig, RetryConfig, Source, circuit_breaker, registry, retry};
use resilience_config_tests::{Turn, setting};

use crate::reports::log_of;

const SHARED: RetryConfig = RetryConfig::new().max_retries(8);

#[retry(config = SHARED, jitter = equal, operation = "sources.every")]
fn every() -> io::Result<()> {
    Ok(())
}

#[retry(max_retries = retries, base_delay = 0s, operation = "sources.computed")]
fn computed(retries: u32, calls: &mut u32) -> Result<(), &'static str> {
    *calls += 1;
    Err("down")
}

#[circuit_breaker(name = "sources.criterion", failure_rate = 0.5)]
fn criterion() -> io::Result<()> {
    Ok(())
}

#[circuit_breaker(name = "sources.none")]
fn no_criterion() -> io::Result<()> {
    Ok(())
}

fn in_file(line: u32) -> Source {
    let path = "apply".to_owned();
    Source::File { path, line }
}

#[test]
fn each_source_is_told_and_the_strongest_wins() {
    let turn = Turn::begin();
    every().expect("it runs");
    let retry = |name: &str| setting("sources.every", "retry", name);
    assert_eq!(retry("multiplier").0, "2.0");
    assert!(matches!(retry("max_retries"), (value, Source::Config { .. }) if value == "8"));
    assert!(matches!(retry("jitter"), (value, Source::Attribute { .. }) if value == "equal"));
    turn.set("[default.retry]\nmax_retries = 1\njitter = \"none\"\n[retry.\"sources.every\"]\nmax_retries = 2");
    assert_eq!(retry("max_retries"), ("2".to_owned(), in_file(5)));
    assert_eq!(retry("jitter"), ("none".to_owned(), in_file(3)));
    let operation = registry::operation("sources.every").expect("it has run");
    let settings = &operation.stack[0].settings;
    let described = settings
        .iter()
        .find(|setting| setting.setting == "max_retries");
    assert_eq!(
        described.expect("described").value,
        "2",
        "the statistics say the same"
    );
}

#[test]
fn an_option_that_each_call_computes_wins_over_the_file() {
    let turn = Turn::begin();
    turn.set("[retry.\"sources.computed\"]\nmax_retries = 9\nbase_delay = \"1ms\"");
    let mut calls = 0;
    let log = log_of("each call computes this option", || {
        for _ in 0..2 {
            computed(2, &mut calls).expect_err("it fails");
        }
        turn.set("[retry.\"sources.computed\"]\nmax_retries = 8\nbase_delay = \"1ms\"");
    });
    assert_eq!(calls, 6);
    assert_eq!(log.len(), 1, "the log says so once: {log:?}");
    assert!(
        log[0].contains("setting=\"retry.sources.computed.max_retries\""),
        "{log:?}"
    );
    assert_eq!(
        setting("sources.computed", "retry", "max_retries").0,
        "computed"
    );
    assert_eq!(setting("sources.computed", "retry", "base_delay").0, "1ms");
}

#[test]
fn a_criterion_of_all_names_applies_only_where_the_attribute_names_none() {
    let turn = Turn::begin();
    criterion().and_then(|()| no_criterion()).expect("they run");
    turn.set("[default.circuit_breaker]\nconsecutive_failures = 4\nminimum_calls = 30");
    let config = |name: &str| registry::get(name).expect("registered").config();
    let rated = config("sources.criterion");
    assert_eq!(
        (rated.get_failure_rate(), rated.get_minimum_calls()),
        (Some(0.5), 30)
    );
    assert_eq!(config("sources.none").get_consecutive_failures(), Some(4));
    turn.set("[circuit_breaker.\"sources.criterion\"]\nfailure_threshold = 9");
    assert_eq!(config("sources.criterion").get_failure_threshold(), Some(9));
    assert_eq!(
        config("sources.none").get_failure_threshold(),
        Some(5),
        "the default again"
    );
}

#[test]
fn a_configuration_by_hand_holds_until_a_file_names_the_circuit() {
    let turn = Turn::begin();
    let circuit = registry::get_or_register("sources.by_hand", CircuitBreakerConfig::new());
    circuit.reconfigure(CircuitBreakerConfig::new().failure_threshold(7));
    let threshold = || setting("sources.by_hand", "circuit_breaker", "failure_threshold");
    assert_eq!(threshold(), ("7".to_owned(), Source::Reconfigured));
    turn.set("[default.circuit_breaker]\nfailure_threshold = 2");
    assert_eq!(
        threshold(),
        ("7".to_owned(), Source::Reconfigured),
        "it is not named"
    );
    turn.set("[circuit_breaker.\"sources.by_hand\"]\nfailure_threshold = 3");
    assert_eq!(threshold(), ("3".to_owned(), in_file(2)));
    turn.set("");
    assert_eq!(threshold().0, "5", "as it was declared");
}

#[test]
fn a_budget_takes_the_values_of_its_section_and_goes_on() {
    static BUDGET: resilience::RetryBudget = resilience::RetryBudget::new()
        .name("sources.budget")
        .min_per_second(0);

    #[retry(budget = &BUDGET, base_delay = 0s, max_retries = 1)]
    fn budgeted() -> Result<(), &'static str> {
        Err("down")
    }

    let turn = Turn::begin();
    for _ in 0..10 {
        budgeted().expect_err("it fails");
    }
    assert_eq!((BUDGET.stats().retries, BUDGET.stats().refused), (2, 8));
    turn.set("[budget.\"sources.budget\"]\nratio = 1.0\nwindow = \"60s\"");
    assert_eq!(
        BUDGET.stats().window_calls,
        0,
        "a window of another length starts empty"
    );
    assert_eq!(
        setting("sources.budget", "budget", "window"),
        ("60s".to_owned(), in_file(3))
    );
    for _ in 0..5 {
        budgeted().expect_err("it fails");
    }
    let stats = BUDGET.stats();
    assert_eq!((stats.retries, stats.refused, stats.calls), (7, 8, 15));
}

#[test]
fn every_retry_gets_the_budget_of_the_default() {
    #[retry(base_delay = 0s, max_retries = 1, operation = "sources.without_budget")]
    fn without_budget() -> Result<(), &'static str> {
        Err("down")
    }

    let turn = Turn::begin();
    turn.set(
        "[default.retry]\nbudget = \"sources.all\"\n[budget.\"sources.all\"]\nmin_per_second = 0",
    );
    for _ in 0..10 {
        without_budget().expect_err("it fails");
    }
    let stats = registry::budget("sources.all").expect("it is used");
    assert_eq!((stats.calls, stats.retries, stats.refused), (10, 2, 8));
}

#[test]
fn the_file_switches_a_span_that_the_attribute_names() {
    #[retry(span = false, operation = "sources.span")]
    fn spanned() -> io::Result<bool> {
        let span = tracing::Span::current();
        Ok(span
            .metadata()
            .is_some_and(|metadata| metadata.name() == "attempt"))
    }

    let turn = Turn::begin();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        assert!(!spanned().expect("it runs"));
        turn.set("[default.retry]\nspan = true");
        assert!(spanned().expect("it runs"));
        assert_eq!(
            setting("sources.span", "retry", "span"),
            ("true".to_owned(), in_file(2))
        );
        turn.set("");
        assert!(!spanned().expect("it runs"));
    });
}
