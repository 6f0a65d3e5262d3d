//! Panics in each piece of the user's code that a stack runs.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerStats, CircuitOpen, CircuitState, TimedOut, circuit_breaker,
    registry, retry, timeout,
};
use tokio::time::{advance, sleep};

use super::{At, CONFIG, CatchUnwind, Fault, RECOVERY, block_on, blow_up, caught, payload};

fn fault(at: At) -> impl Fn(CircuitOpen) -> Fault {
    move |_| {
        at.pass("error of the circuit");
        Fault
    }
}

/// A value whose drop panics when it is told to.
struct Value(At);

impl Drop for Value {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.pass("drop of a local");
        }
    }
}

/// All pieces of the user's code that the three attributes run, async. The body fails until its
/// third attempt.
#[retry(
    max_retries = 2,
    base_delay = 1s,
    jitter = none,
    retry_if = |_| { at.pass("retry_if"); true },
    delay_hint = |_| { at.pass("delay_hint"); None },
    on_retry = |_| at.pass("on_retry"),
)]
#[circuit_breaker(
    breaker = breaker,
    failure_if = |_| { at.pass("failure_if"); false },
    failure_if_ok = |_| { at.pass("failure_if_ok"); false },
    error = fault(at),
)]
#[timeout(5s, error = |_late: TimedOut| { at.pass("error of the timeout"); Fault })]
async fn guarded(breaker: &CircuitBreaker, at: At, attempts: &AtomicUsize) -> Result<u8, Fault> {
    let _local = Value(at);
    let attempt = attempts.fetch_add(1, Ordering::Relaxed);
    at.pass("body before its first await");
    sleep(Duration::from_secs(if at.0 == "error of the timeout" {
        60
    } else {
        1
    }))
    .await;
    at.pass("body after an await");
    if attempt == 2 { Ok(7) } else { Err(Fault) }
}

/// The same, sync. It never sleeps for real: the delays are zero.
#[retry(
    max_retries = 2,
    base_delay = 0s,
    retry_if = |_| { at.pass("retry_if"); true },
    delay_hint = |_| { at.pass("delay_hint"); None },
    on_retry = |_| at.pass("on_retry"),
)]
#[circuit_breaker(
    breaker = breaker,
    failure_if = |_| { at.pass("failure_if"); false },
    failure_if_ok = |_| { at.pass("failure_if_ok"); false },
    error = fault(at),
)]
#[timeout(1h, mode = cooperative, error = |_late: TimedOut| Fault)]
fn guarded_sync(breaker: &CircuitBreaker, at: At, attempts: &AtomicUsize) -> Result<u8, Fault> {
    let _local = Value(at);
    at.pass("body before its first await");
    if attempts.fetch_add(1, Ordering::Relaxed) == 2 {
        Ok(7)
    } else {
        Err(Fault)
    }
}

/// Within the circuit: the call has failed. Beside it: the call was already counted, or never
/// admitted.
const WITHIN: [&str; 6] = [
    "body before its first await",
    "body after an await",
    "drop of a local",
    "failure_if",
    "failure_if_ok",
    "error of the timeout",
];
const BESIDE: [&str; 3] = ["retry_if", "delay_hint", "on_retry"];

/// Nothing is taken, nothing is poisoned: after the timeout it probes, closes and serves.
async fn assert_serves(breaker: &CircuitBreaker) {
    let stats = breaker.stats();
    assert_eq!(stats.abandoned + stats.late, 0, "{stats:?}");
    advance(RECOVERY).await;
    let value = guarded(breaker, At("nowhere"), &AtomicUsize::new(2)).await;
    assert_eq!(value.unwrap(), 7);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// Panics at the place, and returns the statistics that are left of a circuit that still serves.
fn left_by_a_panic(place: &'static str) -> CircuitBreakerStats {
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        let attempts = AtomicUsize::new(0);
        let task = guarded(&breaker, At(place), &attempts);
        assert_eq!(payload(&*CatchUnwind(Box::pin(task)).await), place);
        let stats = breaker.stats();
        assert_serves(&breaker).await;
        stats
    })
}

#[test]
fn a_panic_within_the_circuit_is_one_failure_and_reaches_the_caller() {
    for place in WITHIN {
        let stats = left_by_a_panic(place);
        let left = (stats.failures, stats.state);
        assert_eq!(left, (1, CircuitState::Open), "{place}");
    }
}

#[test]
fn a_panic_beside_the_circuit_is_none_of_its_business() {
    for place in BESIDE {
        let stats = left_by_a_panic(place);
        let left = (stats.successes, stats.failures, stats.state);
        assert_eq!(left, (1, 0, CircuitState::Closed), "{place}");
    }
}

#[test]
fn the_same_holds_for_sync_functions() {
    let breaker_after = |place| {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        assert_eq!(
            caught(|| guarded_sync(&breaker, At(place), &AtomicUsize::new(0))),
            place
        );
        breaker
    };
    for place in [
        "body before its first await",
        "drop of a local",
        "failure_if",
        "failure_if_ok",
    ] {
        let stats = breaker_after(place).stats();
        assert_eq!(
            (stats.failures, stats.state, stats.abandoned),
            (1, CircuitState::Open, 0),
            "{place}"
        );
    }
    for place in BESIDE {
        let breaker = breaker_after(place);
        let stats = breaker.stats();
        assert_eq!(
            (stats.successes, stats.failures, stats.abandoned),
            (1, 0, 0),
            "{place}"
        );
        assert_eq!(
            guarded_sync(&breaker, At("nowhere"), &AtomicUsize::new(0)).unwrap(),
            7
        );
    }
}

/// Runs `call` in a destructor while the thread unwinds, and returns where it panicked.
fn caught_while_unwinding(call: impl FnOnce()) -> &'static str {
    struct CleanUp<'p, F: FnOnce()>(Option<F>, &'p mut &'static str);
    impl<F: FnOnce()> Drop for CleanUp<'_, F> {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            *self.1 = caught(self.0.take().unwrap());
        }
    }
    let mut place = "";
    let outer = caught(|| {
        let _clean_up = CleanUp(Some(call), &mut place);
        blow_up("outer");
    });
    assert_eq!(outer, "outer");
    place
}

#[test]
fn a_panic_of_a_body_called_from_a_destructor_that_unwinds_was_abandoned() {
    // `Value` does not panic in a thread that unwinds.
    for place in WITHIN
        .into_iter()
        .filter(|&place| place != "drop of a local")
    {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        if place != "body after an await" && place != "error of the timeout" {
            let call = || drop(guarded_sync(&breaker, At(place), &AtomicUsize::new(0)));
            assert_panicked_once(place, &breaker, call);
            breaker.reset();
        }
        let call = || drop(block_on(guarded(&breaker, At(place), &AtomicUsize::new(0))));
        assert_panicked_once(place, &breaker, call);
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    let call = || drop(breaker.call(|| -> Result<(), CircuitOpen> { blow_up("value") }));
    assert_panicked_once("value", &breaker, call);
    breaker.reset();
    let call = || {
        let body = async { blow_up("async value") };
        let _: Result<(), CircuitOpen> = block_on(breaker.call_async(body));
    };
    assert_panicked_once("async value", &breaker, call);
}

fn assert_panicked_once(place: &'static str, breaker: &CircuitBreaker, call: impl FnOnce()) {
    let before = breaker.stats().failures;
    assert_eq!(caught_while_unwinding(call), place);
    let stats = breaker.stats();
    assert_eq!(
        (stats.failures - before, stats.abandoned, stats.state),
        (1, 0, CircuitState::Open),
        "{place}"
    );
}

#[test]
fn a_panic_while_a_refusal_is_converted_takes_no_slot() {
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        breaker.trip();
        let at = At("error of the circuit");
        assert_eq!(
            caught(|| guarded_sync(&breaker, at, &AtomicUsize::new(0))),
            at.0
        );
        assert_eq!(breaker.stats().refused, 1);
        assert_serves(&breaker).await;
    });
}

#[test]
fn a_value_dropped_at_the_timeout_may_panic() {
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            blow_up("drop at the timeout");
        }
    }
    #[circuit_breaker(breaker = breaker)]
    #[timeout(1s)]
    async fn hangs(breaker: &CircuitBreaker) -> std::io::Result<()> {
        let _explosive = Explosive;
        std::future::pending().await
    }
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        assert_eq!(
            payload(&*CatchUnwind(Box::pin(hangs(&breaker))).await),
            "drop at the timeout"
        );
        assert_eq!(
            (breaker.stats().failures, breaker.state()),
            (1, CircuitState::Open)
        );
        assert_serves(&breaker).await;
    });
}

#[test]
fn a_panic_on_a_worker_reaches_the_caller_with_its_payload() {
    #[circuit_breaker(name = "reliability::panics::worker", config = CONFIG)]
    #[timeout(1h)]
    fn on_a_worker() -> std::io::Result<()> {
        blow_up("worker")
    }
    assert_eq!(caught(on_a_worker), "worker");
    let stats = registry::stats("reliability::panics::worker").unwrap();
    assert_eq!((stats.failures, stats.state), (1, CircuitState::Open));
}
