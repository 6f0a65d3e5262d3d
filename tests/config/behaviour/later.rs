//! A function that runs later than the file was applied.

use std::io::{self, ErrorKind};

use resilience::{Source, circuit_breaker, config, registry, retry};
use resilience_config_tests::Turn;

use crate::reports::{log_of, reports_of};

#[retry(max_delay = 10ms, base_delay = 0s, max_retries = 2, operation = "later.contradicts")]
fn contradicts(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(ErrorKind::Other.into())
}

#[retry(base_delay = 0s, operation = "later.fits")]
fn fits(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(ErrorKind::Other.into())
}

#[circuit_breaker(name = "later.circuit", failure_threshold = 3)]
fn guarded() -> io::Result<()> {
    Ok(())
}

/// The settings that a file gives this name, as far as they hold.
fn of_the_file(name: &str) -> Vec<String> {
    let settings = config::describe(name).into_iter();
    let settings = settings.filter(|setting| matches!(setting.source, Source::File { .. }));
    settings.map(|setting| setting.setting.to_owned()).collect()
}

#[test]
fn a_function_that_runs_later_takes_the_values() {
    let turn = Turn::begin();
    turn.set("[retry.\"later.fits\"]\nmax_retries = 5");
    let mut calls = 0;
    fits(&mut calls).expect_err("it fails");
    assert_eq!(calls, 6);
    assert_eq!(of_the_file("later.fits"), ["max_retries"]);
}

#[test]
fn values_that_contradict_a_later_function_are_told_of_once_and_it_keeps_its_own() {
    let turn = Turn::begin();
    turn.set("[retry.\"later.contradicts\"]\nbase_delay = \"5s\"\nmax_retries = 9");
    let mut calls = 0;
    let mut reports = Vec::new();
    let log = log_of("keeps its own values", || {
        reports = reports_of(|| {
            for _ in 0..2 {
                contradicts(&mut calls).expect_err("it fails");
            }
        });
    });
    let is_told = log.len() == 1 && log[0].starts_with("ERROR resilience: ");
    assert!(is_told, "one ERROR, not {log:?}");
    assert_eq!(calls, 6, "its own number of retries");
    let [report] = &reports[..] else {
        panic!("one report, not {reports:?}")
    };
    assert!(
        report.contains("`base_delay` (5s) is above `max_delay` (10ms)"),
        "{report}"
    );
    assert!(report.contains("apply:2:14"), "{report}");
    assert_eq!(of_the_file("later.contradicts"), Vec::<String>::new());
    turn.apply("[retry.\"later.contradicts\"]\nbase_delay = \"5s\"")
        .expect_err("now it has run");
}

#[test]
fn a_circuit_that_is_registered_later_takes_the_values_or_keeps_its_own() {
    let turn = Turn::begin();
    turn.set("[circuit_breaker.\"later.circuit\"]\nminimum_calls = 7");
    let reports = reports_of(|| guarded().expect("admitted"));
    assert!(
        reports.len() == 1 && reports[0].contains("belongs to `failure_rate`"),
        "{reports:?}"
    );
    let config = registry::get("later.circuit").expect("registered").config();
    assert_eq!(
        (config.get_failure_threshold(), config.get_minimum_calls()),
        (Some(3), 20)
    );
    assert_eq!(of_the_file("later.circuit"), Vec::<String>::new());
    turn.set("[circuit_breaker.\"later.circuit\"]\nfailure_rate = 0.5\nminimum_calls = 7");
    let config = registry::get("later.circuit").expect("registered").config();
    assert_eq!(
        (config.get_failure_rate(), config.get_minimum_calls()),
        (Some(0.5), 7)
    );
}
