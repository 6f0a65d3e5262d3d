//! Rate limits beside `governor`, and under load: no call too many, none too few.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::FakeRelativeClock, state::NotKeyed};
use proptest::prelude::*;
use resilience::{RateLimit, RateLimitConfig, RateLimited, rate_limit, registry};
use tokio::time::advance;

use crate::clock::paused;

type Governor = RateLimiter<
    NotKeyed,
    governor::state::InMemoryState,
    FakeRelativeClock,
    governor::middleware::NoOpMiddleware<governor::nanos::Nanos>,
>;

/// Rates of whole nanoseconds per call, because governor truncates others.
fn rate() -> impl Strategy<Value = (u32, u64, u32)> {
    (1..2_000_u32, 1..5_000_000_u64, 1..50_u32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn it_equals_governor(
        (limit, cell, burst) in rate(),
        pauses in proptest::collection::vec((0..4_u8, 0..10_000_000_u64), 1..80),
    ) {
        let per = Duration::from_nanos(cell * u64::from(limit));
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(Duration::from_nanos(cell))
            .unwrap()
            .allow_burst(NonZeroU32::new(burst).unwrap());
        let governor: Governor = RateLimiter::direct_with_clock(quota, clock.clone());
        paused().block_on(async {
            let ours = RateLimit::new("governor", RateLimitConfig::new(limit, per).burst(burst));
            for (kind, pause) in pauses {
                let pause = match kind {
                    0 => 0,
                    1 => cell,
                    2 => pause % (cell * 2),
                    _ => pause,
                };
                clock.advance(Duration::from_nanos(pause));
                advance(Duration::from_nanos(pause)).await;
                let (ours, theirs) = (ours.acquire(), governor.check());
                prop_assert_eq!(ours.is_ok(), theirs.is_ok());
                if let (Err(ours), Err(theirs)) = (ours, theirs) {
                    let now = governor::clock::Clock::now(&clock);
                    prop_assert_eq!(ours.retry_after(), theirs.wait_time_from(now));
                }
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_hundred_threads_take_no_cell_twice() {
    #[rate_limit(250, per = 1h, name = "reliability::cells")]
    fn take() -> Result<(), RateLimited> {
        Ok(())
    }
    let admitted = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                for _ in 0..10 {
                    admitted.fetch_add(u32::from(take().is_ok()), Ordering::Relaxed);
                }
            });
        }
    });
    // A cell is 14.4 seconds long, so a slow machine may admit some more.
    let admitted = admitted.into_inner();
    assert!((250..255).contains(&admitted), "{admitted}");
    let stats = registry::rate_limit("reliability::cells").unwrap();
    assert_eq!(
        (stats.admitted, stats.admitted + stats.refused),
        (admitted.into(), 1_000)
    );
}
