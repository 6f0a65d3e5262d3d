//! Circuits by the clock of a service, which reads the processor's counter where it can, held
//! against the system's.

use std::{
    env, thread,
    time::{Duration, Instant},
};

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};

const MILLI: Duration = Duration::from_millis(1);

/// The two clocks may be apart by this much. In practice it is nanoseconds.
const APART: Duration = Duration::from_micros(50);

/// Long enough for the counter to be calibrated and for many anchors after that.
const RUN: Duration = Duration::from_secs(1);

/// True if tokio is built with `test-util`, as the runtime crate finds it out: then circuits have
/// tokio's clock.
const MAY_BE_PAUSED: bool = {
    #[allow(dead_code, non_upper_case_globals)]
    const pause: u8 = 0;
    {
        #[allow(unused_imports, clippy::wildcard_imports)]
        use tokio::time::*;
        size_of_val(&pause) == 0
    }
};

/// In a build of all packages it is not, for others ask for `test-util`; who wants it to be says
/// so.
#[test]
fn the_clock_is_a_services_where_it_is_asked_for() {
    assert!(
        !MAY_BE_PAUSED || env::var_os("SERVICE_CLOCK").is_none(),
        "tokio is built with `test-util`"
    );
}

#[test]
fn a_circuit_recovers_after_its_timeout_and_not_before() {
    let timeout = 3 * MILLI;
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1)
        .success_threshold(1)
        .recovery_timeout(timeout);
    let breaker = CircuitBreaker::new("recovery", config);
    let end = Instant::now() + RUN;
    let mut waited = 0;
    // A busy machine may not wait so often in that time.
    while waited < 10 || Instant::now() < end {
        let before = Instant::now();
        breaker.acquire().expect("closed").failure();
        let opened = Instant::now();
        let probe = loop {
            let asked = Instant::now();
            let answer = breaker.acquire();
            let answered = Instant::now();
            match answer {
                Ok(probe) => {
                    assert!(
                        answered + APART >= before + timeout,
                        "admitted after {:?}",
                        answered - before
                    );
                    break probe;
                }
                Err(open) => {
                    assert!(
                        asked <= opened + timeout + APART,
                        "refused after {:?}",
                        asked - opened
                    );
                    let left = open.retry_after().expect("not isolated");
                    assert!(
                        asked + left <= opened + timeout + APART,
                        "{left:?} left {:?} after",
                        asked - opened
                    );
                    assert!(
                        answered + left + APART >= before + timeout,
                        "{left:?} left {:?} after",
                        answered - before
                    );
                }
            }
        };
        probe.success();
        assert_eq!(breaker.state(), CircuitState::Closed);
        waited += 1;
    }
}

/// The coarse clock of Linux is behind by a tick at most, and a circuit reads it only as long as
/// more than this is left.
const TICK: Duration = Duration::from_millis(17);

#[test]
fn a_wait_of_many_ticks_is_never_too_short_and_ends_exactly() {
    let timeout = 3 * TICK;
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1)
        .success_threshold(1)
        .recovery_timeout(timeout);
    let breaker = CircuitBreaker::new("ticks", config);
    let end = Instant::now() + RUN;
    let (mut rounds, mut late_rounds) = (0, 0);
    // With few rounds, one that is late would be a large part of them.
    while rounds < 16 || Instant::now() < end {
        let before = Instant::now();
        breaker.acquire().expect("closed").failure();
        let opened = Instant::now();
        let mut is_late = false;
        loop {
            let asked = Instant::now();
            let answer = breaker.acquire();
            let answered = Instant::now();
            let Err(open) = answer else {
                assert!(answered + APART >= before + timeout, "too early");
                answer.expect("admitted").success();
                break;
            };
            is_late |= asked > opened + timeout + APART;
            let left = open.retry_after().expect("not isolated");
            assert!(answered + left + APART >= before + timeout, "{left:?}");
            // A busy machine delays the tick, too, so the bound is ten times the promise.
            assert!(asked + left <= opened + timeout + 10 * TICK, "{left:?}");
        }
        rounds += 1;
        late_rounds += u32::from(is_late);
    }
    // A hypervisor may keep the processor from running that ticks for all.
    assert!(4 * late_rounds <= rounds, "{late_rounds} of {rounds}");
}

#[test]
fn who_sleeps_as_long_as_it_was_told_is_admitted() {
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1)
        .success_threshold(1)
        .recovery_timeout(MILLI);
    let breaker = CircuitBreaker::new("sleeper", config);
    let end = Instant::now() + RUN;
    while Instant::now() < end {
        breaker.acquire().expect("closed").failure();
        if let Err(open) = breaker.acquire() {
            thread::sleep(open.retry_after().expect("not isolated"));
        }
        breaker.acquire().expect("recovered").success();
    }
}

/// Waits until a call, which was recorded between the two times, no longer counts: after the
/// window, and earlier by a slice at most.
fn assert_forgotten(
    (before, after): (Instant, Instant),
    window: Duration,
    slice: Duration,
    counts: impl Fn() -> bool,
) {
    loop {
        let asked = Instant::now();
        let counts = counts();
        let answered = Instant::now();
        assert!(
            counts || answered + slice + APART >= before + window,
            "forgotten after {:?}",
            answered - before
        );
        assert!(
            !counts || asked <= after + window + APART,
            "counted after {:?}",
            asked - after
        );
        if !counts {
            break;
        }
    }
}

#[test]
fn a_failure_counts_as_long_as_the_window_says() {
    let window = 5 * MILLI;
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1_000_000)
        .failure_window(window);
    let breaker = CircuitBreaker::new("window", config);
    let end = Instant::now() + RUN;
    while Instant::now() < end {
        let before = Instant::now();
        breaker.acquire().expect("far from the threshold").failure();
        let after = Instant::now();
        assert_forgotten((before, after), window, Duration::ZERO, || {
            breaker.stats().failure_count == 1
        });
    }
}

#[test]
fn a_rate_forgets_within_a_slice() {
    let (window, slice) = (60 * MILLI, 5 * MILLI);
    let config = CircuitBreakerConfig::new()
        .failure_rate(1.0)
        .minimum_calls(1)
        .failure_window(window);
    let breaker = CircuitBreaker::new("rate", config);
    for _ in 0..10 {
        let before = Instant::now();
        breaker.acquire().expect("closed").success();
        let after = Instant::now();
        assert_forgotten((before, after), window, slice, || {
            breaker.stats().failure_rate.is_some()
        });
    }
}

#[test]
fn threads_that_come_and_go_lose_no_count() {
    const CALLS: u64 = 10_000;
    let plain = CircuitBreaker::new("plain", CircuitBreakerConfig::new());
    // The window is longer than a slow machine takes for the calls.
    let config = CircuitBreakerConfig::new()
        .failure_rate(1.0)
        .failure_window(Duration::from_secs(3_600));
    let rated = CircuitBreaker::new("rated", config);
    let mut expected = 0;
    for threads in [1, 2, 5, 3, 8] {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..CALLS {
                        plain.acquire().expect("closed").success();
                        rated.acquire().expect("closed").success();
                    }
                });
            }
        });
        expected += threads * CALLS;
        assert_eq!(
            (plain.stats().successes, rated.stats().successes),
            (expected, expected)
        );
    }
    rated.acquire().expect("closed").failure();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let rate = 1.0 / (expected + 1) as f64;
    assert_eq!(rated.stats().failure_rate, Some(rate));
}
