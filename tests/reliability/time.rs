//! The extremes of time: zero, for ever, centuries, several clocks, and clocks that disagree.

use std::{
    future::{Future, pending},
    io,
    pin::pin,
    sync::Barrier,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, Jitter, RetryConfig, Strategy,
    TimeoutConfig, retry, timeout,
};
use tokio::time::{Instant, advance, sleep};

use crate::clock::paused;

const NANO: Duration = Duration::from_nanos(1);
const HOUR: Duration = Duration::from_secs(3600);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[test]
fn delays_neither_overflow_nor_shrink_up_to_the_last_attempt() {
    let ends = [
        Duration::ZERO,
        NANO,
        Duration::from_secs(1),
        CENTURY,
        Duration::MAX,
    ];
    for strategy in [Strategy::Exponential, Strategy::Linear, Strategy::Constant] {
        for multiplier in [1.0, 1.0 + f64::EPSILON, 2.0, f64::MAX] {
            for base in ends {
                for max in ends.into_iter().filter(|max| base <= *max) {
                    let config = RetryConfig::new()
                        .strategy(strategy)
                        .multiplier(multiplier)
                        .base_delay(base)
                        .max_delay(max);
                    let attempts = [0, 1, 2, 31, 32, 33, 1_000, 1 << 31, u32::MAX - 1, u32::MAX];
                    let delays = attempts.map(|attempt| config.delay(attempt));
                    assert!(delays.is_sorted(), "{config:?}: {delays:?}");
                    assert!(
                        delays.iter().all(|delay| base <= *delay && *delay <= max),
                        "{config:?}: {delays:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn retries_without_end_and_without_delay_need_no_timer() {
    let mut calls = 0_u32;
    let outcome = RetryConfig::new()
        .max_retries(u32::MAX)
        .base_delay(Duration::ZERO)
        .max_delay(Duration::ZERO)
        .run(|| {
            calls += 1;
            if calls < 100_000 { Err(()) } else { Ok(calls) }
        });
    assert_eq!(outcome, Ok(100_000));
}

#[tokio::test(start_paused = true)]
async fn hours_of_backoff_take_exactly_their_time() {
    #[retry(max_retries = 200, base_delay = 1s, max_delay = 1h, jitter = none)]
    async fn fails() -> Result<(), ()> {
        Err(())
    }
    let start = Instant::now();
    assert!(fails().await.is_err());
    // The sum of 1, 2, 4, … and 2048 s, and then an hour for each of the other retries.
    let expected = Duration::from_secs(4095) + HOUR * (200 - 12);
    assert_eq!(start.elapsed(), expected);
}

#[tokio::test(start_paused = true)]
async fn delays_and_limits_without_end_are_only_long() {
    let config = RetryConfig::new()
        .base_delay(Duration::MAX)
        .jitter(Jitter::None)
        .max_elapsed(Duration::MAX);
    let mut calls = 0;
    let outcome: Result<(), ()> = config
        .run_async(|| {
            calls += 1;
            async { Err(()) }
        })
        .await;
    assert_eq!(
        (outcome, calls),
        (Err(()), 1),
        "a delay for ever reaches any limit"
    );

    let mut waiting = pin!(
        RetryConfig::new()
            .base_delay(Duration::MAX)
            .run_async(|| async { Err::<(), ()>(()) })
    );
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    let mut endless = pin!(TimeoutConfig::new(Duration::MAX).run_async(pending::<()>()));
    assert!(endless.as_mut().poll(&mut cx).is_pending());
    advance(HOUR).await;
    assert!(endless.as_mut().poll(&mut cx).is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_used_up_is_one_poll() {
    #[timeout(left)]
    async fn call(left: Duration, ready: bool) -> io::Result<u8> {
        if !ready {
            sleep(NANO).await;
        }
        Ok(7)
    }
    for left in [Duration::ZERO, NANO] {
        assert_eq!(call(left, true).await.unwrap(), 7);
    }
    assert_eq!(
        call(Duration::ZERO, false).await.unwrap_err().kind(),
        io::ErrorKind::TimedOut
    );
    assert_eq!(call(Duration::MAX, false).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn options_without_end_hold_for_a_century() {
    for config in [
        CircuitBreakerConfig::new().failure_threshold(2),
        CircuitBreakerConfig::new().failure_rate(1.0),
    ] {
        let config = config
            .minimum_calls(2)
            .failure_window(Duration::MAX)
            .recovery_timeout(Duration::MAX);
        let breaker = CircuitBreaker::new("time", config.slow_call(Duration::MAX));
        let slow = breaker.acquire().unwrap();
        breaker.acquire().unwrap().failure();
        advance(CENTURY).await;
        assert_eq!(breaker.stats().failure_count, 1, "still in the window");
        slow.ignore();
        assert_eq!(breaker.stats().ignored, 1, "never too slow");
        breaker.acquire().unwrap().failure();
        assert_eq!(breaker.state(), CircuitState::Open);
        advance(CENTURY).await;
        assert_eq!(
            breaker.acquire().unwrap_err().retry_after(),
            Some(Duration::MAX)
        );
        assert_eq!(breaker.stats().time_in_state, CENTURY);
        breaker.reset();
        breaker.acquire().unwrap().success();
    }
}

#[tokio::test(start_paused = true)]
async fn options_of_a_nanosecond_hold_for_one() {
    for config in [
        CircuitBreakerConfig::new().failure_threshold(2),
        CircuitBreakerConfig::new().failure_rate(1.0),
    ] {
        let config = config
            .minimum_calls(2)
            .failure_window(NANO)
            .recovery_timeout(NANO)
            .success_threshold(1);
        let breaker = CircuitBreaker::new("time", config.slow_call(NANO));
        breaker.acquire().unwrap().failure();
        breaker.acquire().unwrap().failure();
        assert_eq!(breaker.acquire().unwrap_err().retry_after(), Some(NANO));
        advance(NANO).await;
        breaker.acquire().unwrap().success();
        assert_eq!(breaker.state(), CircuitState::Closed);
        let slow = breaker.acquire().unwrap();
        advance(NANO * 2).await;
        slow.success();
        assert_eq!(breaker.stats().failures, 3);
    }
}

/// Threads read the clock before they get to the lock, so the circuit sees moments out of order.
#[test]
fn clocks_that_are_read_out_of_order_break_nothing() {
    const THREADS: u32 = 8;
    const CALLS: u32 = 2_000;
    let micros = Duration::from_micros;
    let configs = [
        CircuitBreakerConfig::new()
            .failure_threshold(2)
            .failure_window(micros(3)),
        CircuitBreakerConfig::new()
            .failure_rate(0.5)
            .minimum_calls(2)
            .failure_window(micros(3)),
    ];
    for config in configs {
        let config = config
            .recovery_timeout(micros(2))
            .half_open_max_calls(2)
            .slow_call(micros(50));
        let breaker = CircuitBreaker::new("time", config);
        let barrier = Barrier::new(THREADS as usize);
        let start = Instant::now();
        thread::scope(|scope| {
            for caller in 0..THREADS {
                let (breaker, barrier) = (&breaker, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for call in 0..CALLS {
                        match (breaker.acquire(), (call + caller) % 5) {
                            // The wait may be too long by the age of the clock's reading.
                            (Err(open), _) => {
                                assert!(
                                    open.retry_after()
                                        .is_none_or(|wait| wait <= micros(2) + start.elapsed())
                                );
                            }
                            (Ok(permit), 0) => drop(permit),
                            (Ok(permit), 1) => permit.ignore(),
                            (Ok(permit), 2) => permit.success(),
                            (Ok(permit), _) => permit.failure(),
                        }
                    }
                });
            }
        });
        let stats = breaker.stats();
        let admitted =
            stats.successes + stats.failures + stats.ignored + stats.abandoned + stats.late;
        assert_eq!(
            admitted + stats.refused,
            u64::from(THREADS * CALLS),
            "{stats:?}"
        );
        assert!(
            stats.opened >= 1
                && stats.closed <= stats.half_opened
                && stats.half_opened <= stats.opened
        );
        // The circuit is not stuck: probes succeed and close it.
        while breaker.state() != CircuitState::Closed {
            if let Ok(permit) = breaker.acquire() {
                permit.success();
            }
        }
    }
}

/// Two tests of one process may have different clocks over one circuit. Here the paused clock is
/// hours ahead.
#[test]
fn a_paused_clock_beside_a_running_one_makes_no_negative_wait() {
    let config = CircuitBreakerConfig::new()
        .recovery_timeout(HOUR)
        .failure_threshold(1);
    let breaker = CircuitBreaker::new("time", config);
    let clock = paused();
    clock.block_on(async {
        advance(HOUR * 10).await;
        breaker.acquire().unwrap().failure();
        assert_eq!(breaker.acquire().unwrap_err().retry_after(), Some(HOUR));
    });
    // By the running clock, the circuit was opened ten hours from now.
    let wait = breaker
        .acquire()
        .unwrap_err()
        .retry_after()
        .expect("a wait");
    assert!(HOUR < wait && wait <= HOUR * 11, "{wait:?}");
    assert_eq!(breaker.stats().time_in_state, Duration::ZERO);
    breaker.reset();
    breaker.trip();
    clock.block_on(async {
        // By the paused clock, it was opened ten hours ago.
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        breaker.acquire().unwrap().success();
        breaker.acquire().unwrap().success();
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
    assert_eq!(breaker.stats().retry_after, None);
}
