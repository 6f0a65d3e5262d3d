//! All seven attributes on one function, and the same policies of tower-resilience.

use std::{fmt, hint::black_box};

use resilience::{
    BulkheadFull, CircuitOpen, RateLimited, TimedOut, bulkhead, circuit_breaker, fallback, hedge,
    rate_limit, retry, timeout,
};
use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience_bulkhead::BulkheadLayer;
use tower_resilience_circuitbreaker::CircuitBreakerLayer;
use tower_resilience_fallback::FallbackLayer;
use tower_resilience_hedge::HedgeLayer;
use tower_resilience_ratelimiter::RateLimiterLayer;
use tower_resilience_retry::RetryLayer;
use tower_resilience_timelimiter::TimeLimiterLayer;

use crate::{
    Contender, Goal, Scenario,
    answers::AFTER,
    contender::request,
    limits::{CALLS, SECOND, SLOTS},
    subject::{Failed, LONG, answer},
};

/// The error of a function under all attributes.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by Debug")]
enum Error {
    Failed,
    Open(CircuitOpen),
    Late(TimedOut),
    Full(BulkheadFull),
    Limited(RateLimited),
}

impl From<Failed> for Error {
    fn from(Failed: Failed) -> Self {
        Self::Failed
    }
}

impl From<CircuitOpen> for Error {
    fn from(open: CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<TimedOut> for Error {
    fn from(late: TimedOut) -> Self {
        Self::Late(late)
    }
}

impl From<BulkheadFull> for Error {
    fn from(full: BulkheadFull) -> Self {
        Self::Full(full)
    }
}

impl From<RateLimited> for Error {
    fn from(limited: RateLimited) -> Self {
        Self::Limited(limited)
    }
}

#[fallback(|_| Ok(0))]
#[retry]
#[circuit_breaker(name = "bench::stack_of_seven")]
#[rate_limit(CALLS, per = 1s)]
#[bulkhead(SLOTS)]
#[timeout(LONG)]
#[hedge(after = AFTER, budget = 0.1)]
async fn ours(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// The same layers of tower-resilience, in the same order.
fn tower() -> impl Service<u64, Response = u64, Error: fmt::Debug> {
    let breaker = CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .build()
        .expect("a configuration");
    let rate_limit = RateLimiterLayer::builder()
        .limit_for_period(CALLS as usize)
        .refresh_period(SECOND)
        .build()
        .expect("a configuration");
    let bulkhead = BulkheadLayer::builder()
        .max_concurrent_calls(SLOTS as usize)
        .build()
        .expect("a configuration");
    let hedge = HedgeLayer::builder()
        .delay(AFTER)
        .max_hedged_attempts(2)
        .build();
    ServiceBuilder::new()
        .layer(FallbackLayer::<u64, u64, _>::value(0))
        .layer(RetryLayer::<u64, u64, _>::builder().max_attempts(4).build())
        .layer(breaker)
        .layer(rate_limit)
        .layer(bulkhead)
        .layer(TimeLimiterLayer::builder().timeout_duration(LONG).build())
        .layer(hedge)
        .service(service_fn(async |n| answer::<Failed>(n)))
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut service = tower();
    vec![Scenario::new(
        "the stack of seven, ready body",
        [
            Contender::awaited("ours", || ours(black_box(1))),
            Contender::awaited("plain", || async { answer::<Error>(black_box(1)) }),
            Contender::awaited("tower-resilience", move || {
                request(&mut service, black_box(1))
            }),
        ],
        [Goal::Of("tower-resilience", 0.1)],
    )]
}
