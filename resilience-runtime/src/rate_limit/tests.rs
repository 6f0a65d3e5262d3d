use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, advance};

use super::{
    cells::{Answer, Cells},
    rate::Rate,
    *,
};
use crate::{
    by_name::Modes,
    circuit::capture,
    keyed::KeyText,
    limiter::{LimiterSite, idle_key},
    operation::Operation,
    registry, with_deadline,
};

const SECOND: Duration = Duration::from_secs(1);

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Draws numbers below a bound. The same seed gives the same numbers (a splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound.max(1)
    }

    /// A number up to `most`, small ones as often as large ones.
    fn size(&mut self, most: u64) -> u64 {
        let bits = self.below(64 - u64::from(most.leading_zeros())) + 1;
        (1 + self.below(1 << bits)).min(most)
    }
}

/// The generic cell rate algorithm with fractions, in the words of its definition.
struct Exact {
    limit: i128,
    per: i128,
    burst: i128,
    /// The theoretical arrival time, in fractions of a nanosecond with the denominator `limit`.
    arrival: i128,
}

impl Exact {
    fn take(&mut self, now: u64, max_wait: u64) -> Answer {
        let now = i128::from(now) * self.limit;
        let arrival = self.arrival.max(now);
        let early = (arrival - (self.burst - 1) * self.per - now).max(0);
        let wait = (early + self.limit - 1) / self.limit;
        let wait = u64::try_from(wait).expect("not negative");
        if wait > max_wait {
            return Answer::Refused { wait };
        }
        self.arrival = arrival + self.per;
        Answer::Admitted { wait }
    }
}

#[test]
fn ten_thousand_traces_equal_a_model_with_fractions() {
    let mut waited = 0;
    for seed in 0..10_000 {
        let mut draw = Draw(seed);
        let (limit, burst) = (draw.size(1_000_000), draw.size(1_000));
        let per = draw.size(3_600_000_000_000);
        let [limit, burst] = [limit, burst].map(|n| u32::try_from(n).expect("small"));
        let mut now = 1 << 62;
        let rate = Rate::new(limit, Duration::from_nanos(per), burst);
        let cells = Cells::new(rate, now);
        let mut exact = Exact {
            limit: limit.into(),
            per: per.into(),
            burst: burst.into(),
            arrival: 0,
        };
        let cell = per.div_ceil(limit.into());
        for _ in 0..60 {
            now += match draw.below(8) {
                0 | 1 => 0,
                2 => 1,
                3 | 4 => draw.below(cell * 2),
                5 => draw.below(cell.saturating_mul(burst.into())),
                // Up to some months, so that the base moves on.
                _ => draw.size(1 << 53),
            };
            let max_wait = match draw.below(3) {
                0 => 0,
                1 => draw.below(cell * 3),
                _ => draw.below(per),
            };
            let (ours, expected) = (cells.take(now, max_wait), exact.take(now, max_wait));
            assert_eq!(
                ours, expected,
                "seed {seed}: {limit} in {per} ns, burst {burst}"
            );
            waited += u32::from(matches!(ours, Answer::Admitted { wait: 1.. }));
        }
    }
    assert!(waited > 10_000, "{waited}");
}

#[test]
fn no_extreme_rate_overflows_or_admits_more_than_its_limit() {
    for limit in [1, 7, 999_983, u32::MAX] {
        for per in [1, 86_400_000_000_000, u64::MAX] {
            for burst in [1, 3, u32::MAX] {
                let rate = Rate::new(limit, Duration::from_nanos(per), burst);
                assert!(rate.scale >= 1);
                let exact = u128::from(per.min(1 << 57)) * u128::from(rate.scale);
                assert!(
                    u128::from(rate.cell) * u128::from(limit) >= exact,
                    "{rate:?}"
                );
                let cells = Cells::new(rate, 0);
                for now in [0, 1, 1 << 40, u64::MAX - 1, u64::MAX] {
                    cells.take(now, 0);
                    cells.take(now, u64::MAX);
                }
            }
        }
    }
    let endless = Rate::new(1, Duration::MAX, 1);
    let cells = Cells::new(endless, 0);
    assert_eq!(cells.take(0, 0), Answer::Admitted { wait: 0 });
    assert!(matches!(cells.take(1 << 50, 0), Answer::Refused { .. }));
}

#[test]
fn another_rate_keeps_the_moments_that_are_taken() {
    let (slow, fast) = (Rate::new(1, SECOND, 1), Rate::new(3, SECOND, 1));
    let cells = Cells::new(slow, 0);
    assert_eq!(cells.take(0, 0), Answer::Admitted { wait: 0 });
    cells.set_rate(fast, 100);
    assert_eq!(cells.take(999_999_999, 0), Answer::Refused { wait: 1 });
    assert_eq!(cells.take(1_000_000_000, 0), Answer::Admitted { wait: 0 });
    // A third of a second, rounded up to the nanosecond.
    assert_eq!(cells.take(1_333_333_333, 0), Answer::Refused { wait: 1 });
    assert_eq!(cells.take(1_333_333_334, 0), Answer::Admitted { wait: 0 });
    assert_eq!(cells.idle_at(), 1_666_666_668);
    // In the units of a whole nanosecond, too, so that no call comes early.
    let cells = Cells::new(fast, 0);
    assert_eq!(cells.take(0, 0), Answer::Admitted { wait: 0 });
    cells.set_rate(slow, 0);
    assert_eq!(cells.idle_at(), 333_333_334);
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_at_once_and_then_one_call_per_cell() {
    let api = RateLimit::new("api", RateLimitConfig::new(4, SECOND));
    for _ in 0..4 {
        api.acquire().unwrap();
    }
    let limited = api.acquire().unwrap_err();
    assert_eq!(limited.retry_after(), SECOND / 4);
    assert_eq!((limited.name(), limited.key()), ("api", None));
    advance(SECOND / 4).await;
    assert!(api.acquire().is_ok() && api.acquire().is_err());
    advance(SECOND * 10).await;
    let admitted = (0..10).filter(|_| api.acquire().is_ok()).count();
    assert_eq!(admitted, 4, "a pause saves no more than a burst");
    let stats = api.stats();
    assert_eq!((stats.admitted, stats.refused), (9, 8));
    assert_eq!((stats.limit, stats.per, stats.burst), (4, SECOND, 4));
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_have_their_turns_in_order_and_on_time() {
    let config = RateLimitConfig::new(10, SECOND).burst(1).max_wait(SECOND);
    let api = RateLimit::new("api", config);
    let (start, served) = (Instant::now(), std::sync::Mutex::new(Vec::new()));
    let calls = (0..14).map(|number| {
        let (api, served) = (&api, &served);
        async move {
            let outcome = api.acquire_async().await;
            served
                .lock()
                .unwrap()
                .push((number, start.elapsed().as_millis()));
            outcome.is_ok()
        }
    });
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let mut done = vec![None; calls.len()];
    while done.iter().any(Option::is_none) {
        for (call, done) in calls.iter_mut().zip(&mut done) {
            if done.is_none() {
                if let Poll::Ready(is_ok) = poll(call.as_mut()) {
                    *done = Some(is_ok);
                }
            }
        }
        advance(Duration::from_millis(1)).await;
    }
    let admitted = done.iter().filter(|done| **done == Some(true)).count();
    assert_eq!(admitted, 11, "the others would wait for more than a second");
    drop(calls);
    let served = served.into_inner().unwrap();
    let turns = served.iter().filter(|(number, _)| *number < 11);
    for (expected, (number, at)) in turns.enumerate() {
        assert_eq!(*number, expected, "{served:?}");
        let due = expected as u128 * 100;
        assert!((due..=due + 2).contains(at), "{served:?}");
    }
    assert_eq!(api.stats().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_dropped_while_it_waits_uses_its_turn() {
    let config = RateLimitConfig::new(1, SECOND).max_wait(SECOND * 5);
    let api = RateLimit::new("api", config);
    api.acquire_async().await.unwrap();
    {
        let mut waiting = pin!(api.acquire_async());
        assert!(poll(waiting.as_mut()).is_pending());
        assert_eq!(api.stats().waiting, 1);
    }
    assert_eq!(api.stats().waiting, 0);
    let start = Instant::now();
    api.acquire_async().await.unwrap();
    assert_eq!(start.elapsed(), SECOND * 2);
}

#[test]
fn a_call_that_cannot_wait_does_not_run_when_it_is_polled_again() {
    let config = RateLimitConfig::new(1, SECOND).max_wait(SECOND * 5);
    let api = RateLimit::new("api", config);
    api.acquire().unwrap();
    let mut waiting = pin!(api.acquire_async());
    for _ in 0..2 {
        // There is no runtime, so there is no timer.
        let polled = catch_unwind(AssertUnwindSafe(|| poll(waiting.as_mut())));
        assert!(polled.is_err(), "its turn has not come");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_reach_the_deadline_is_not_begun_and_takes_no_turn() {
    let config = RateLimitConfig::new(1, SECOND).max_wait(SECOND * 5);
    let api = RateLimit::new("api", config);
    api.acquire_async().await.unwrap();
    let refused = with_deadline(Instant::now() + SECOND, api.acquire_async()).await;
    assert_eq!(refused.unwrap_err().retry_after(), SECOND);
    let start = Instant::now();
    with_deadline(Instant::now() + SECOND * 2, api.acquire_async())
        .await
        .unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

#[test]
fn a_sync_caller_waits_in_real_time() {
    let config = RateLimitConfig::new(50, SECOND).burst(1).max_wait(SECOND);
    let api = RateLimit::new("api", config);
    let start = std::time::Instant::now();
    for _ in 0..3 {
        api.acquire().unwrap();
    }
    assert!(
        start.elapsed() >= Duration::from_millis(38),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_not_enforced_refuses_nobody_and_counts() {
    let api = RateLimit::new("api", RateLimitConfig::new(1, SECOND));
    let unenforced = Modes {
        is_enforced: false,
        ..Modes::ON
    };
    api.shared().set_modes(unenforced);
    assert!((0..5).all(|_| api.acquire().is_ok()));
    let stats = api.stats();
    assert_eq!(
        (stats.admitted, stats.would_refuse, stats.refused),
        (5, 4, 0)
    );
    api.shared().set_modes(Modes::ON);
    assert!(api.acquire().is_err());
    // A call that would wait is not delayed.
    api.shared().set_modes(unenforced);
    api.reconfigure(RateLimitConfig::new(1, SECOND).max_wait(10 * SECOND));
    let start = tokio::time::Instant::now();
    api.acquire_async().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(api.stats().would_refuse, 4);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_that_is_not_enabled_admits_all_and_counts_nothing() {
    let api = RateLimit::new("api", RateLimitConfig::new(1, SECOND));
    let off = Modes {
        is_enabled: false,
        ..Modes::ON
    };
    api.shared().set_modes(off);
    assert!((0..5).all(|_| api.acquire().is_ok()));
    let stats = api.stats();
    assert_eq!(
        (stats.admitted, stats.would_refuse, stats.refused),
        (0, 0, 0)
    );
    api.shared().set_modes(Modes::ON);
    assert!(api.acquire().is_ok(), "no cell was taken");
    assert!(api.acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_of_the_registry_waits_as_long_as_its_first_call_says() {
    let config = RateLimitConfig::new(1, SECOND).max_wait(SECOND);
    let api = registry::get_or_register_rate_limit("rate::waits", config);
    api.acquire().unwrap();
    let start = tokio::time::Instant::now();
    api.acquire_async().await.unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn names_share_a_rate_limit_and_clashes_are_told_once() {
    let config = RateLimitConfig::new(2, SECOND);
    let register = |config| registry::get_or_register_rate_limit("rate::shared", config);
    register(config).acquire().unwrap();
    let events = capture::events(|| drop(register(config.max_wait(SECOND))));
    assert!(
        events.is_empty(),
        "the wait is the caller's own: {events:?}"
    );
    let events = capture::events(|| {
        for _ in 0..2 {
            let other = registry::get_or_register_rate_limit("rate::shared", config.limit(3));
            assert_eq!(other.stats().limit, 2);
        }
    });
    let [event] = &events[..] else {
        panic!("one event, not {events:?}")
    };
    assert!(
        event.starts_with(
            "ERROR resilience: message=rate limit is configured twice and differently"
        ),
        "{event}"
    );
    assert!(registry::reconfigure_rate_limit(
        "rate::shared",
        config.burst(9)
    ));
    assert_eq!(registry::rate_limit("rate::shared").unwrap().burst, 9);
    let snapshot = registry::snapshot();
    assert!(
        snapshot
            .limits
            .iter()
            .any(|stats| stats.name == "rate::shared")
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_are_logged_once_a_minute() {
    let api = RateLimit::new("api", RateLimitConfig::new(1, SECOND));
    let events = capture::events(|| {
        api.acquire().unwrap();
        assert!((0..5).all(|_| api.acquire().is_err()));
    });
    let [event] = &events[..] else {
        panic!("one event, not {events:?}")
    };
    assert!(
        event.starts_with(
            "WARN resilience: message=rate limit is used up: calls are refused limit=\"api\" \
             retry_after_ms=1000.0 refused=1"
        ),
        "{event}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_rate_limit_of_a_key_is_idle_from_its_last_call_on() {
    static OPERATION: Operation = Operation::new("rate_limit::tests::idle");
    static SITE: LimiterSite<RateLimit> = LimiterSite::new("rate::idle", &OPERATION);
    // The cell of a call is over before the next call.
    let config = RateLimitConfig::new(1_000, SECOND)
        .max_keys(1)
        .idle(idle_key::IDLE);
    let call = |key| {
        let limit = SITE.of_key(&config, KeyText::Text(key));
        limit.limiter().acquire().unwrap();
    };
    let is_known = |key| registry::rate_limit_of_key("rate::idle", key).is_some();
    idle_key::assert_counts_from_the_last_call(call, is_known).await;
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_rate_limit_and_one_that_equals_a_new_one_makes_room() {
    static OPERATION: Operation = Operation::new("rate_limit::tests::keys");
    static SITE: LimiterSite<RateLimit> = LimiterSite::new("rate::keys", &OPERATION);
    let config = RateLimitConfig::new(1, SECOND * 60)
        .max_keys(2)
        .idle(SECOND);
    let acquire = |key: &'static str| {
        let limit = SITE.of_key(&config, KeyText::Text(key));
        limit
            .limiter()
            .acquire()
            .map_err(|limited| limit.named(limited))
    };
    assert!(acquire("a").is_ok() && acquire("b").is_ok());
    assert_eq!(acquire("a").unwrap_err().key(), Some("a"));
    advance(SECOND * 30).await;
    // Both are idle, but differ from a new one: an invented key must not free them.
    assert!(acquire("c").is_ok(), "the overflow limit has a cell");
    let limited = acquire("d").unwrap_err();
    assert_eq!(
        (limited.name(), limited.key()),
        ("rate::keys{*}", Some("d"))
    );
    advance(SECOND * 30).await;
    assert!(acquire("e").is_ok());
    let stats = registry::rate_limit("rate::keys").unwrap();
    assert_eq!((stats.keys, stats.evicted, stats.overflow), (2, 1, 2));
    assert_eq!((stats.admitted, stats.refused), (4, 2));
    assert!(registry::rate_limit_of_key("rate::keys", "a").is_none());
}

#[test]
#[should_panic(expected = "`api` needs a tokio runtime with its timer enabled")]
fn without_a_runtime_the_panic_names_the_rate_limit() {
    let api = RateLimit::new("api", RateLimitConfig::new(1, SECOND).max_wait(SECOND));
    api.acquire().unwrap();
    let _ = poll(pin!(api.acquire_async()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_does_not_run() {
    static OPERATION: Operation = Operation::new("rate_limit::tests::runs");
    let config = RateLimitConfig::new(1, SECOND);
    let api = RateLimit::new("api", config);
    let call = |body| {
        Box::pin(future::RateLimitFuture::new(
            &api, &config, &OPERATION, body,
        ))
    };
    assert!(poll(call(pending::<()>()).as_mut()).is_pending());
    let mut refused = call(pending());
    assert!(matches!(poll(refused.as_mut()), Poll::Ready(Err(_))));
    let again = std::panic::AssertUnwindSafe(|| poll(refused.as_mut()));
    assert!(
        std::panic::catch_unwind(again).is_err(),
        "nor if it is polled again"
    );
}
