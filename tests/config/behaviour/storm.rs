//! Configurations change while calls run on many threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use resilience::{
    BulkheadFull, CircuitOpen, bulkhead, circuit_breaker, config, registry, retry, timeout,
};
use resilience_config_tests::Turn;

#[derive(Debug)]
struct Failed;

impl From<CircuitOpen> for Failed {
    fn from(_: CircuitOpen) -> Self {
        Self
    }
}

impl From<resilience::TimedOut> for Failed {
    fn from(_: resilience::TimedOut) -> Self {
        Self
    }
}

static CALLS: AtomicU64 = AtomicU64::new(0);

#[retry(max_retries = 3, base_delay = 0s, operation = "storm.call")]
#[circuit_breaker(name = "storm.circuit", failure_threshold = 1000000)]
#[timeout(60s, mode = cooperative)]
fn call(attempts: &mut u32) -> Result<(), Failed> {
    *attempts += 1;
    CALLS.fetch_add(1, Ordering::Relaxed);
    Err(Failed)
}

#[test]
fn each_call_has_the_values_of_one_configuration_and_nothing_is_lost() {
    let turn = Turn::begin();
    call(&mut 0).expect_err("it fails");
    let is_over = AtomicBool::new(false);
    let text = |retries: u32, threshold: u32| {
        format!(
            "[retry.\"storm.call\"]\nmax_retries = {retries}\n[circuit_breaker.\"storm.circuit\"]\nfailure_threshold = {threshold}\n\
             [timeout.\"storm.call\"]\nlimit = \"{}s\"\n",
            60 + retries
        )
    };
    turn.set(&text(3, 1_000_000));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut attempts = 0;
                    call(&mut attempts).expect_err("it fails");
                    assert!(
                        attempts == 4 || attempts == 8,
                        "{attempts} attempts of one call"
                    );
                }
            });
        }
        let writers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for round in 0..300 {
                        let retries = if round % 2 == 0 { 3 } else { 7 };
                        config::apply(&text(retries, 1_000_000 + retries)).expect("valid");
                        if round % 10 == 0 {
                            config::apply("[retry.storm]\nmax_attempts = 0").expect_err("refused");
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("it ends");
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let stats = registry::stats("storm.circuit").expect("registered");
    assert_eq!(
        stats.failures,
        CALLS.load(Ordering::Relaxed),
        "the circuit counted every call"
    );
    turn.set(&text(7, 5));
    let config = registry::get("storm.circuit").expect("registered").config();
    assert_eq!(config.get_failure_threshold(), Some(5));
    thread::sleep(Duration::ZERO);
}

static RUNNING: AtomicU64 = AtomicU64::new(0);
static MOST: AtomicU64 = AtomicU64::new(0);

#[bulkhead(2, name = "storm.pool")]
fn in_pool() -> Result<(), BulkheadFull> {
    let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
    MOST.fetch_max(running, Ordering::SeqCst);
    thread::yield_now();
    RUNNING.fetch_sub(1, Ordering::SeqCst);
    Ok(())
}

#[test]
fn a_limit_that_changes_all_the_time_is_kept_and_loses_no_slot() {
    let turn = Turn::begin();
    in_pool().expect("admitted");
    let is_over = AtomicBool::new(false);
    let calls = AtomicU64::new(1);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    // A refused call is counted, too.
                    let _ = in_pool();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..500 {
            let limit = round % 3 + 1;
            let pool = "[bulkhead.\"storm.pool\"]";
            turn.set(&format!("{pool}\nmax_concurrent = {limit}"));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(MOST.load(Ordering::SeqCst) <= 3, "{MOST:?} calls at once");
    turn.set("");
    let stats = registry::bulkhead("storm.pool").expect("registered");
    assert_eq!((stats.limit, stats.in_use, stats.waiting), (2, 0, 0));
    assert_eq!(
        stats.admitted + stats.refused,
        calls.load(Ordering::Relaxed)
    );
    assert_eq!(stats.would_refuse, 0);
}
