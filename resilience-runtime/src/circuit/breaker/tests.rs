use std::{
    io,
    panic::resume_unwind,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::advance;

use super::*;
use crate::{TransitionReason, circuit::capture};

fn breaker(config: CircuitBreakerConfig) -> CircuitBreaker {
    CircuitBreaker::new("jira", config)
}

fn fail(breaker: &CircuitBreaker) {
    breaker.acquire().expect("admitted").failure();
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.acquire().expect("admitted").success();
}

#[tokio::test(start_paused = true)]
async fn it_opens_refuses_probes_and_closes() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(2));
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), CircuitState::Open);
    advance(Duration::from_secs(10)).await;
    let open = breaker.acquire().expect_err("open");
    assert_eq!(open.retry_after(), Some(Duration::from_secs(20)));
    assert_eq!(breaker.stats().retry_after, open.retry_after());

    advance(Duration::from_secs(20)).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);

    let stats = breaker.stats();
    assert_eq!((stats.opened, stats.half_opened, stats.closed), (1, 1, 1));
    assert_eq!((stats.successes, stats.failures, stats.refused), (2, 2, 1));
    assert_eq!(stats.failure_count, 0);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_circuit_with_its_slots_taken_refuses() {
    let breaker = breaker(CircuitBreakerConfig::new());
    breaker.trip();
    advance(Duration::from_secs(30)).await;
    let probe = breaker.acquire().expect("a probe");
    advance(Duration::from_secs(10)).await;
    let refused = breaker.acquire().expect_err("one probe at a time");
    assert_eq!(refused.retry_after(), Some(Duration::ZERO));
    assert_eq!(breaker.stats().retry_after, Some(Duration::ZERO));
    assert_eq!(
        refused.to_string(),
        "circuit `jira` is half-open, and all its probes are under way"
    );
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    probe.success();
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_probe_is_replaced() {
    let breaker = breaker(CircuitBreakerConfig::new().success_threshold(1));
    breaker.trip();
    advance(Duration::from_secs(30)).await;
    let stuck = breaker.acquire().expect("a probe");
    advance(Duration::from_secs(30)).await;
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
    stuck.failure();
    assert_eq!((breaker.stats().late, breaker.stats().failures), (1, 0));
}

#[test]
fn outcomes_across_a_reset_are_late() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    let (one, two, three) = (breaker.acquire(), breaker.acquire(), breaker.acquire());
    breaker.reset();
    one.expect("closed").failure();
    two.expect("closed").success();
    three.expect("closed").ignore();
    let stats = breaker.stats();
    assert_eq!(stats.late, 3);
    assert_eq!((stats.successes, stats.failures, stats.ignored), (0, 0, 0));
    assert_eq!(stats.state, CircuitState::Closed);
}

#[test]
fn the_call_that_trips_it_returns_its_own_error() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    let outcome = breaker.call(|| Err::<(), _>(io::Error::other("down")));
    assert_eq!(outcome.unwrap_err().to_string(), "down");
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn a_rate_is_kept_over_calls_that_succeed() {
    let config = CircuitBreakerConfig::new()
        .failure_rate(0.5)
        .minimum_calls(4);
    let breaker = breaker(config);
    fail(&breaker);
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.stats().failure_rate, None);
    fail(&breaker);
    let stats = breaker.stats();
    assert_eq!(stats.state, CircuitState::Open);
    assert_eq!(
        (stats.failure_rate, stats.failure_threshold),
        (Some(0.5), None)
    );
    assert_eq!((stats.successes, stats.failures), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_why_the_circuit_opened() {
    let reason = |breaker: &CircuitBreaker| breaker.acquire().expect_err("refused").reason();
    let counting = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    fail(&counting);
    assert_eq!(reason(&counting), TransitionReason::Failures);
    advance(Duration::from_secs(30)).await;
    let probe = counting.acquire().expect("a probe");
    assert_eq!(
        reason(&counting),
        TransitionReason::Failures,
        "half-open, and still for that"
    );
    probe.failure();
    assert_eq!(reason(&counting), TransitionReason::ProbeFailed);
    counting.trip();
    assert_eq!(reason(&counting), TransitionReason::Command);
    counting.reset();
    fail(&counting);
    assert_eq!(reason(&counting), TransitionReason::Failures);
    counting.isolate();
    assert_eq!(reason(&counting), TransitionReason::Command);

    let rating = breaker(
        CircuitBreakerConfig::new()
            .failure_rate(1.0)
            .minimum_calls(1),
    );
    fail(&rating);
    assert_eq!(reason(&rating), TransitionReason::Rate);
}

#[test]
fn tripping_an_open_circuit_with_a_rate_begins_no_generation() {
    let breaker = breaker(
        CircuitBreakerConfig::new()
            .failure_rate(1.0)
            .minimum_calls(1),
    );
    fail(&breaker);
    breaker.trip();
    breaker.reset();
    succeed(&breaker);
    succeed(&breaker);
    fail(&breaker);
    let stats = breaker.stats();
    assert_eq!((stats.successes, stats.late), (2, 0));
    assert_eq!(stats.failure_rate, Some(1.0 / 3.0));
}

#[test]
fn an_isolated_circuit_says_so() {
    let breaker = breaker(CircuitBreakerConfig::new());
    breaker.isolate();
    assert_eq!(breaker.state(), CircuitState::Open);
    let open = breaker.acquire().expect_err("isolated");
    assert_eq!(open.retry_after(), None);
    breaker.trip();
    assert!(breaker.acquire().expect_err("open").retry_after().is_some());
    breaker.reset();
    succeed(&breaker);
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_is_judged_by_the_configuration_at_its_end() {
    let config = CircuitBreakerConfig::new().failure_threshold(1);
    let second = Duration::from_secs(1);
    let timed = config.slow_call(second);
    let rated = timed.failure_rate(1.0).minimum_calls(1);
    for (before, after, failures) in [
        (timed, timed.slow_call(second * 3), 0),
        (timed.slow_call(second * 3), timed, 1),
        (timed, config, 0),
        // Nobody knows when a call began that nobody timed.
        (config, timed, 0),
        (timed, rated, 1),
        (rated, config, 0),
    ] {
        let breaker = breaker(before);
        let permit = breaker.acquire().expect("closed");
        breaker.reconfigure(after);
        advance(second * 2).await;
        permit.success();
        let stats = breaker.stats();
        assert_eq!(
            (stats.failures, stats.successes, stats.late),
            (failures, 1 - failures, 0),
            "{before:?} and then {after:?}"
        );
        assert_eq!(stats.opened, failures);
    }
}

#[test]
fn a_rate_that_comes_later_counts_without_the_lock_as_one_from_the_start_does() {
    let config = CircuitBreakerConfig::new();
    let breaker = breaker(config);
    // The generation moves on before there is a rate.
    breaker.trip();
    breaker.reset();
    succeed(&breaker);
    for _ in 0..2 {
        breaker.reconfigure(config.failure_rate(1.0).minimum_calls(1));
        for _ in 0..3 {
            succeed(&breaker);
        }
        fail(&breaker);
        assert_eq!(breaker.stats().failure_rate, Some(0.25));
        breaker.reconfigure(config);
        breaker.trip();
        breaker.reset();
    }
    let stats = breaker.stats();
    assert_eq!((stats.successes, stats.failures, stats.late), (7, 2, 0));
}

#[test]
fn clones_are_the_same_circuit() {
    let breaker = breaker(CircuitBreakerConfig::new());
    breaker.clone().isolate();
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn it_knows_where_it_was_declared() {
    let breaker = CircuitBreaker::new("here", CircuitBreakerConfig::new());
    let declared_on = line!() - 1;
    let location = breaker.stats().declared_at;
    assert_eq!((location.file(), location.line()), (file!(), declared_on));
}

#[test]
fn listeners_hear_of_every_step_under_no_lock() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    let steps = std::sync::Arc::new(Mutex::new(Vec::new()));
    // Taken away again at the end: a circuit that its listener holds is never dropped.
    let circuit = std::sync::Arc::new(Mutex::new(Some(breaker.clone())));
    let (heard, held) = (steps.clone(), circuit.clone());
    breaker.on_transition(move |transition| {
        let handle = held.lock().unwrap().clone().expect("held until the end");
        // Deadlocks here if any lock were held.
        let failures = handle.stats().failures;
        handle.on_transition(|_| {});
        heard
            .lock()
            .unwrap()
            .push((transition.from, transition.to, failures));
        handle.reset();
    });
    fail(&breaker);
    assert_eq!(
        *steps.lock().unwrap(),
        [
            // Told from the inside out, as the listener itself closed the circuit.
            (CircuitState::Closed, CircuitState::Open, 1),
            (CircuitState::Open, CircuitState::Closed, 1),
        ]
    );
    circuit.lock().unwrap().take();
}

#[test]
fn a_panicking_listener_breaks_no_call_and_no_other_listener() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    let told = std::sync::Arc::new(AtomicU32::new(0));
    let count = told.clone();
    breaker.on_transition(|_| resume_unwind(Box::new("expected")));
    breaker.on_transition(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let events = capture::events(|| fail(&breaker));
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert_eq!(
        events.last().map(String::as_str),
        Some(
            "ERROR resilience: message=a transition listener of the circuit panicked circuit=\"jira\" \
             from=closed to=open"
        )
    );
}

#[test]
fn threads_lose_no_count_and_take_no_slot_for_good() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 2_000;
    let config = CircuitBreakerConfig::new()
        .failure_threshold(3)
        .success_threshold(1)
        .recovery_timeout(Duration::from_nanos(1));
    let breaker = breaker(config);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let breaker = &breaker;
            scope.spawn(move || {
                for call in 0..CALLS {
                    match (breaker.acquire(), (thread + call) % 4) {
                        (Ok(permit), 0) => permit.failure(),
                        (Ok(permit), 1) => permit.ignore(),
                        (Ok(permit), 2) => drop(permit),
                        (Ok(permit), _) => permit.success(),
                        (Err(_), _) => {}
                    }
                }
            });
        }
    });
    let stats = breaker.stats();
    let outcomes = stats.successes + stats.failures + stats.ignored;
    assert_eq!(
        outcomes + stats.refused + stats.abandoned + stats.late,
        THREADS * CALLS
    );
    breaker.trip();
    std::thread::sleep(Duration::from_nanos(1));
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn handles_and_futures_go_anywhere() {
    fn portable<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}
    fn sendable<T: Send>(_: &T) {}
    let breaker = breaker(CircuitBreakerConfig::new());
    portable(&breaker);
    sendable(&breaker.acquire());
    portable(&breaker.call_async(async { Ok::<_, io::Error>(()) }));
}

#[test]
fn debug_shows_name_and_state() {
    let breaker = breaker(CircuitBreakerConfig::new());
    let text = format!("{breaker:?}");
    assert!(
        text.starts_with("CircuitBreaker { name: \"jira\", state: Closed, config: "),
        "{text}"
    );
}
