use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::{CircuitBreakerConfig, CircuitState, circuit::capture, keyed::KeyText};

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// Advances the clock to the moment before `time` is over.
async fn advance_to_just_before(time: Duration) {
    advance(time.saturating_sub(NANOSECOND)).await;
}

/// One failure opens; two keys; a key may be forgotten after a second.
fn config() -> CircuitBreakerConfig {
    CircuitBreakerConfig::new()
        .failure_threshold(2)
        .failure_window(SECOND * 2)
        .max_keys(2)
        .idle(SECOND)
}

fn family(name: &'static str) -> CircuitBreakerFamily {
    CircuitBreakerFamily::new(name, config())
}

fn succeed(family: &CircuitBreakerFamily, key: &str) {
    family.acquire(key).expect("closed").success();
}

#[test]
fn each_key_has_a_circuit_of_its_own() {
    let family = family("search");
    for _ in 0..2 {
        family.acquire("a").expect("closed").failure();
    }
    let open = family.acquire("a").map(drop).expect_err("open");
    assert_eq!((open.name(), open.key()), ("search", Some("a")));
    succeed(&family, "b");
    let stats = family.get("a").expect("it is there").stats();
    assert_eq!((&*stats.name, stats.key.as_deref()), ("search", Some("a")));
    assert_eq!((stats.failures, stats.refused), (2, 1));
    assert!(family.get("c").is_none());
}

#[test]
fn the_text_of_a_key_is_the_key() {
    let family = family("search");
    family.circuit(7).isolate();
    assert_eq!(family.circuit("7").state(), CircuitState::Open);
    assert_eq!(family.circuit(String::from("7")).key(), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn the_key_that_was_idle_the_longest_makes_room() {
    let family = family("search");
    succeed(&family, "a");
    advance(SECOND / 2).await;
    succeed(&family, "b");
    succeed(&family, "a");
    advance(SECOND / 4).await;
    succeed(&family, "a");
    advance(SECOND * 3 / 4).await;
    succeed(&family, "c");
    assert!(family.get("b").is_none(), "a was used after b");
    assert!(family.get("a").is_some() && family.get("c").is_some());
    let stats = family.stats();
    assert_eq!((stats.keys, stats.evicted, stats.overflow), (2, 1, 0));
    assert_eq!(stats.successes, 5, "those of the forgotten key count");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_idle_for_long_enough_is_kept() {
    let family = family("search");
    succeed(&family, "a");
    succeed(&family, "b");
    advance_to_just_before(SECOND).await;
    let permit = family.acquire("c").expect("closed");
    assert!(family.get("c").is_none(), "it shares the overflow circuit");
    permit.success();
    advance(NANOSECOND).await;
    succeed(&family, "c");
    assert!(family.get("c").is_some());
    assert_eq!(family.stats().overflow, 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_differs_from_a_new_one_is_kept() {
    for (name, keep) in [
        (
            "open",
            (|family| family.circuit("a").trip()) as fn(&CircuitBreakerFamily),
        ),
        ("isolated", |family| family.circuit("a").isolate()),
        ("failures", |family| {
            family.acquire("a").expect("closed").failure();
        }),
        ("reconfigured", |family| {
            family
                .circuit("a")
                .reconfigure(config().failure_threshold(9));
        }),
        ("listened to", |family| {
            family.circuit("a").on_transition(|_| {});
        }),
    ] {
        let family = family("kept");
        keep(&family);
        let circuit = family.circuit("a");
        succeed(&family, "b");
        advance(SECOND).await;
        succeed(&family, "c");
        assert!(family.get("b").is_none(), "{name}");
        let kept = family.get("a").expect(name);
        assert!(kept.is_same(&circuit), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_its_circuit_until_it_leaves_the_window() {
    let family = family("search");
    family.acquire("a").expect("closed").failure();
    family.circuit("b").isolate();
    advance_to_just_before(SECOND * 2).await;
    succeed(&family, "c");
    assert!(family.get("a").is_some());
    advance(NANOSECOND).await;
    succeed(&family, "c");
    assert!(family.get("a").is_none() && family.get("c").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_out_keeps_its_circuit() {
    let family = family("search");
    let permit = family.acquire("a").expect("closed");
    let handle = family.circuit("b");
    let borrowed = handle.acquire().expect("closed");
    advance(SECOND * 100).await;
    succeed(&family, "c");
    assert!(family.get("a").is_some() && family.get("b").is_some());
    drop(permit);
    borrowed.ignore();
    advance(SECOND).await;
    succeed(&family, "c");
    assert!(family.get("c").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_circuit_from_the_look_up_on() {
    let family = Family::new(
        crate::circuit::Name::Static("search"),
        &config(),
        std::panic::Location::caller(),
    );
    let found = family.circuit(KeyText::Text("a"));
    family.get("b");
    for key in ["b", "c"] {
        advance(SECOND).await;
        family.circuit(KeyText::Text(key));
    }
    assert!(family.get("a").is_some() && family.get("b").is_none());
    drop(found);
    advance(SECOND).await;
    family.circuit(KeyText::Text("d"));
    assert!(family.get("a").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_circuit_works_on_in_the_hand_of_its_holder() {
    let family = family("search");
    let old = family.circuit("a");
    advance(SECOND).await;
    succeed(&family, "b");
    succeed(&family, "c");
    assert!(family.get("a").is_none());
    for _ in 0..2 {
        old.acquire().expect("closed").failure();
    }
    assert_eq!((old.state(), old.key()), (CircuitState::Open, Some("a")));
    advance(SECOND * 2).await;
    assert_eq!(family.circuit("a").state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_the_overflow_circuit_has_its_name_and_the_key_of_the_caller() {
    let family = family("search");
    let events = capture::events(|| {
        family.circuit("a").isolate();
        family.circuit("b").isolate();
        for key in ["c", "d"] {
            family.acquire(key).expect("closed").failure();
        }
        let open = family.acquire("e").map(drop).expect_err("c and d failed");
        assert_eq!((open.name(), open.key()), ("search{*}", Some("e")));
        assert!(
            open.to_string()
                .starts_with("circuit `search{*}` of `e` is open"),
            "{open}"
        );
    });
    let errors: Vec<_> = events.iter().filter(|e| e.starts_with("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{events:#?}");
    assert!(
        errors[0].contains("key=c max_keys=2 overflow=1"),
        "{errors:?}"
    );
    advance(SECOND * 60).await;
    let events = capture::events(|| {
        let _ = family.acquire("x\n");
        let _ = family.acquire("y");
    });
    assert!(
        events
            .iter()
            .any(|e| e.starts_with("ERROR") && e.contains(r"key=x\n")),
        "{events:#?}"
    );
    assert_eq!(family.stats().overflow, 5);
}

#[test]
fn a_long_key_shares_the_overflow_circuit() {
    let family = family("search");
    let long = "x".repeat(10_000_000);
    family.acquire(&long).expect("closed").success();
    for _ in 0..2 {
        family.acquire(&long).expect("closed").failure();
    }
    let open = family.acquire(&long).map(drop).expect_err("open");
    assert_eq!(open.name(), "search{*}");
    assert_eq!(open.key(), Some(&long[..1024]));
    assert!(open.to_string().len() < 300, "{open}");
    let stats = family.stats();
    assert_eq!((stats.keys, stats.overflow, stats.failures), (0, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn an_isolation_acts_on_later_keys_until_another_command() {
    let family = family("search");
    succeed(&family, "a");
    family.isolate();
    for key in ["a", "b", "c"] {
        let open = family.acquire(key).map(drop).expect_err("isolated");
        assert_eq!(open.retry_after(), None);
    }
    family.circuit("a").reset();
    advance(SECOND * 10).await;
    assert!(family.acquire("d").is_err());
    assert!(
        family.get("a").is_some(),
        "a new circuit would be isolated, so a closed one is none"
    );
    let stats = family.stats();
    assert_eq!((stats.closed, stats.isolated, stats.open), (1, 1, 0));
    family.reset();
    for key in ["a", "b", "c"] {
        succeed(&family, key);
    }
    family.trip();
    assert!(family.acquire("a").is_err());
    assert_eq!(family.stats().open, 2);
}

#[tokio::test(start_paused = true)]
async fn a_reset_makes_an_idle_circuit_evictable_at_once() {
    let family = family("search");
    family.circuit("a").isolate();
    family.circuit("b").isolate();
    advance(SECOND * 5).await;
    let _ = family.acquire("c");
    assert!(family.get("c").is_none());
    family.get("a").expect("it is there").reset();
    succeed(&family, "c");
    assert!(family.get("c").is_some() && family.get("a").is_none());
}

#[test]
fn the_worst_keys_are_the_open_ones_and_then_those_with_failures() {
    let family = CircuitBreakerFamily::new("search", CircuitBreakerConfig::new());
    for (key, failures) in [("a", 1), ("b", 0), ("c", 3), ("d", 0), ("e", 2)] {
        succeed(&family, key);
        for _ in 0..failures {
            family.acquire(key).expect("closed").failure();
        }
    }
    family.circuit("d").trip();
    let keys = |n| -> Vec<_> {
        let worst = family.worst_keys(n).into_iter();
        worst.filter_map(|stats| stats.key).collect()
    };
    assert_eq!(keys(10), ["d", "c", "e", "a", "b"]);
    assert_eq!(keys(2), ["d", "c"]);
    assert!(keys(0).is_empty());
}

#[test]
fn another_configuration_reaches_every_circuit() {
    let family = family("search");
    let circuit = family.circuit("a");
    assert_eq!(circuit.config(), config());
    let other = config().failure_threshold(1).max_keys(3);
    family.reconfigure(other);
    assert_eq!((family.config(), circuit.config()), (other, other));
    for key in ["b", "c"] {
        assert_eq!(family.circuit(key).config(), other);
    }
    assert_eq!(family.stats().max_keys, 3);
}

// The clock stands still, because a circuit that is idle for long makes room on a slow machine.
#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_invented_keys_do_no_harm() {
    let family = family("search");
    let tripped = family.circuit("tripped");
    tripped.trip();
    succeed(&family, "good");
    let events = capture::events(|| {
        for key in 0..100_000 {
            let _ = family.acquire(key);
        }
    });
    assert_eq!(events.len(), 1, "one ERROR: {events:#?}");
    let stats = family.stats();
    assert_eq!((stats.keys, stats.overflow, stats.open), (2, 100_000, 1));
    assert!(family.get("tripped").expect("kept").is_same(&tripped));
}

#[test]
fn threads_that_race_for_a_key_get_one_circuit() {
    let family = CircuitBreakerFamily::new("search", CircuitBreakerConfig::new());
    let barrier = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for key in 0..100 {
                    family.acquire(key).expect("closed").success();
                }
            });
        }
    });
    let stats = family.stats();
    assert_eq!((stats.keys, stats.successes), (100, 400));
}

#[test]
fn threads_that_evict_each_others_keys_lose_no_failure() {
    // A circuit with a failure is not forgotten, so every second failure of a key opens it.
    let config = config()
        .failure_window(Duration::MAX)
        .max_keys(64)
        .idle(Duration::from_nanos(1));
    let family = CircuitBreakerFamily::new("search", config);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let family = &family;
            scope.spawn(move || {
                for round in 0..2_000 {
                    succeed(family, &format!("{thread} {round}"));
                }
                for key in 0..8 {
                    for _ in 0..2 {
                        family
                            .acquire(format!("bad {thread} {key}"))
                            .expect("closed")
                            .failure();
                    }
                }
            });
        }
    });
    let stats = family.stats();
    assert_eq!((stats.open, stats.overflow), (32, 0), "{stats:?}");
    assert_eq!((stats.successes, stats.failures), (8_000, 64));
}

#[test]
fn a_display_that_panics_takes_nothing_with_it() {
    struct Panics;
    impl std::fmt::Display for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::panic::resume_unwind(Box::new("expected"))
        }
    }
    let family = family("search");
    let call = || family.acquire(Panics).map(drop);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).expect_err("it does");
    assert_eq!(panic.downcast_ref(), Some(&"expected"));
    succeed(&family, "a");
    assert_eq!(family.stats().keys, 1);
}

#[test]
fn a_display_may_use_the_family() {
    struct Asks<'f>(&'f CircuitBreakerFamily);
    impl std::fmt::Display for Asks<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            succeed(self.0, "inner");
            f.write_str("outer")
        }
    }
    let family = family("search");
    family.acquire(Asks(&family)).expect("closed").success();
    assert_eq!(family.stats().keys, 2);
}
