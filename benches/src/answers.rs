//! `#[fallback]` and `#[hedge]` around a call that succeeds.

use std::{hint::black_box, time::Duration};

use resilience::{fallback, hedge};
use tower::{Layer, service_fn};
use tower_resilience_fallback::FallbackLayer;
use tower_resilience_hedge::HedgeLayer;

use crate::{
    Contender, Goal, Scenario,
    contender::request,
    subject::{Error, Failed, answer, answer_later, answer_or_unknown},
};

/// Longer than any measurement.
pub(crate) const AFTER: Duration = Duration::from_hours(1);

#[fallback(|_| Ok(0))]
async fn answered(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[fallback(|_| Ok(0))]
fn answered_sync(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[hedge(after = AFTER, budget = 0.1)]
async fn hedged(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[hedge(after = AFTER, budget = 0.1)]
async fn hedged_or_unknown(n: u64) -> Result<u64, Error> {
    answer_or_unknown(n)
}

#[hedge(after = AFTER, budget = 0.1)]
async fn hedged_later(n: u64) -> Result<u64, Error> {
    answer_later(n).await
}

#[hedge(after = p95, budget = 0.1)]
async fn measured(n: u64) -> Result<u64, Error> {
    answer(n)
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    let mut fallback = FallbackLayer::<u64, u64, Failed>::value(0)
        .layer(service_fn(async |n| answer::<Failed>(n)));
    let layer = HedgeLayer::builder()
        .delay(AFTER)
        .max_hedged_attempts(2)
        .build();
    let mut tower_hedge = layer.layer(service_fn(async |n| answer::<Failed>(n)));
    vec![
        Scenario::new(
            "fallback, success",
            [
                Contender::awaited(ours, || answered(black_box(1))),
                Contender::awaited("plain", || async { answer::<Error>(black_box(1)) }),
                Contender::awaited("tower-resilience", move || {
                    request(&mut fallback, black_box(1))
                }),
            ],
            [Goal::Over("plain", 2.0)],
        ),
        Scenario::new(
            "sync fallback, success",
            [
                Contender::sync(ours, || answered_sync(black_box(1))),
                Contender::sync("plain", || answer::<Error>(black_box(1))),
            ],
            [Goal::Over("plain", 2.0)],
        ),
        Scenario::new(
            "hedge, ready body",
            [
                Contender::awaited(ours, || hedged(black_box(1))),
                Contender::awaited("with p95", || measured(black_box(1))),
                Contender::awaited("plain", || async { answer::<Error>(black_box(1)) }),
                Contender::awaited("tokio", || {
                    tokio::time::timeout(AFTER, async { answer::<Failed>(black_box(1)) })
                }),
                Contender::awaited("tower-resilience", move || {
                    request(&mut tower_hedge, black_box(1))
                }),
            ],
            [Goal::Over("plain", 2.0)],
        ),
        Scenario::new(
            "hedge, ready body, a failure that is not inlined",
            [
                Contender::awaited(ours, || hedged_or_unknown(black_box(1))),
                Contender::awaited("plain", || async {
                    answer_or_unknown::<Error>(black_box(1))
                }),
            ],
            [Goal::Over("plain", 2.0)],
        ),
        Scenario::new(
            "hedge, body that waits",
            [
                Contender::polled(ours, || hedged_later(black_box(1))),
                Contender::polled("plain", || answer_later::<Error>(black_box(1))),
                Contender::polled("tokio", || {
                    tokio::time::timeout(AFTER, answer_later::<Failed>(black_box(1)))
                }),
            ],
            [Goal::Of("tokio", 1.1)],
        ),
    ]
}
