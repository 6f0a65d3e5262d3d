//! `#[bulkhead]` and `#[rate_limit]`: an admission, beside a semaphore and a rate limiter.

use std::{hint::black_box, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use resilience::{
    Bulkhead, BulkheadConfig, BulkheadFull, RateLimit, RateLimitConfig, RateLimited, bulkhead,
    rate_limit,
};
use tokio::sync::Semaphore;
use tower::{Layer, service_fn};
use tower_resilience_bulkhead::BulkheadLayer;
use tower_resilience_ratelimiter::RateLimiterLayer;

use crate::{
    Contender, Goal, Scenario,
    contender::request,
    subject::{Failed, answer},
};

pub(crate) const SLOTS: u32 = 1_000;

/// The rate is so high that no call of a measurement is refused.
pub(crate) const CALLS: u32 = 1_000_000_000;
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The error of an annotated function.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by Debug")]
enum Refused {
    Failed,
    Full(BulkheadFull),
    Limited(RateLimited),
}

impl From<Failed> for Refused {
    fn from(Failed: Failed) -> Self {
        Self::Failed
    }
}

impl From<BulkheadFull> for Refused {
    fn from(full: BulkheadFull) -> Self {
        Self::Full(full)
    }
}

impl From<RateLimited> for Refused {
    fn from(limited: RateLimited) -> Self {
        Self::Limited(limited)
    }
}

#[bulkhead(SLOTS)]
async fn in_a_slot(n: u64) -> Result<u64, Refused> {
    answer(n)
}

#[rate_limit(CALLS, per = 1s)]
async fn in_turn(n: u64) -> Result<u64, Refused> {
    answer(n)
}

pub(crate) fn bulkhead_admission() -> impl Fn() -> bool + Sync {
    let bulkhead = Bulkhead::new("bench", BulkheadConfig::new(SLOTS));
    move || bulkhead.acquire().is_ok()
}

pub(crate) fn semaphore() -> impl Fn() -> bool + Sync {
    let semaphore = Arc::new(Semaphore::new(SLOTS as usize));
    move || semaphore.try_acquire().is_ok()
}

pub(crate) fn rate_limit_admission() -> impl Fn() -> bool + Sync {
    let limit = RateLimit::new("bench", RateLimitConfig::new(CALLS, SECOND));
    move || limit.acquire().is_ok()
}

pub(crate) fn governor() -> impl Fn() -> bool + Sync {
    let calls = NonZeroU32::new(CALLS).unwrap_or(NonZeroU32::MIN);
    let limiter: DefaultDirectRateLimiter = RateLimiter::direct(Quota::per_second(calls));
    move || limiter.check().is_ok()
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    let bulkhead_layer = BulkheadLayer::builder()
        .max_concurrent_calls(SLOTS as usize)
        .build()
        .expect("a configuration");
    let mut bulkhead_service = bulkhead_layer.layer(service_fn(async |n| answer::<Failed>(n)));
    let rate_layer = RateLimiterLayer::builder()
        .limit_for_period(CALLS as usize)
        .refresh_period(SECOND)
        .build()
        .expect("a configuration");
    let mut rate_service = rate_layer.layer(service_fn(async |n| answer::<Failed>(n)));
    vec![
        Scenario::new(
            "bulkhead, a slot taken and freed",
            [
                Contender::sync(ours, bulkhead_admission()),
                Contender::sync("tokio's Semaphore", semaphore()),
            ],
            [Goal::Of("tokio's Semaphore", 0.5)],
        ),
        Scenario::new(
            "bulkhead, a slot taken and freed, 2 threads",
            [
                Contender::on_two_threads(ours, bulkhead_admission()),
                Contender::on_two_threads("tokio's Semaphore", semaphore()),
            ],
            [Goal::OfBest(1.0)],
        )
        .on_several_threads(),
        Scenario::new(
            "bulkhead, success, async",
            [
                Contender::awaited(ours, || in_a_slot(black_box(1))),
                Contender::awaited("plain", || async { answer::<Failed>(black_box(1)) }),
                Contender::awaited("tower-resilience", move || {
                    request(&mut bulkhead_service, black_box(1))
                }),
            ],
            [],
        ),
        Scenario::new(
            "rate limit, a turn taken",
            [
                Contender::sync(ours, rate_limit_admission()),
                Contender::sync("governor", governor()),
            ],
            [Goal::Of("governor", 0.6)],
        ),
        Scenario::new(
            "rate limit, a turn taken, 2 threads",
            [
                Contender::on_two_threads(ours, rate_limit_admission()),
                Contender::on_two_threads("governor", governor()),
            ],
            [],
        )
        .on_several_threads(),
        Scenario::new(
            "rate limit, success, async",
            [
                Contender::awaited(ours, || in_turn(black_box(1))),
                Contender::awaited("plain", || async { answer::<Failed>(black_box(1)) }),
                Contender::awaited("tower-resilience", move || {
                    request(&mut rate_service, black_box(1))
                }),
            ],
            [],
        ),
    ]
}
