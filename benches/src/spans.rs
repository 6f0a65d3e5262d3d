//! Each attempt is a span. The retry scenarios measure the same function without the option.

use std::hint::black_box;

use resilience::retry;
use tracing::{
    instrument,
    subscriber::{DefaultGuard, set_default},
};
use tracing_core::callsite::rebuild_interest_cache;
use tracing_subscriber::Registry;

use crate::{
    Contender, Goal, Scenario,
    subject::{Error, answer},
};

#[retry(span = true)]
fn spanned(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[retry]
fn plain_retry(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// A span with as many fields.
#[instrument(
    name = "attempt",
    target = "resilience",
    skip_all,
    fields(operation = "bench", attempt = 1, otel.kind = "internal", otel.status_code = "OK")
)]
fn instrumented(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// Keeps spans and does nothing with them, until it is dropped.
struct Subscribed(Option<DefaultGuard>);

impl Subscribed {
    fn new() -> Self {
        Self(Some(set_default(Registry::default())))
    }
}

impl Drop for Subscribed {
    /// `tracing` remembers that a subscriber is interested, also when it is gone, and the other
    /// contenders would be slower.
    fn drop(&mut self) {
        drop(self.0.take());
        rebuild_interest_cache();
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "attempt span, no subscriber",
            [
                Contender::sync("ours", || spanned(black_box(1))),
                Contender::sync("without the option", || plain_retry(black_box(1))),
                Contender::sync("plain", || answer::<Error>(black_box(1))),
            ],
            [Goal::Over("without the option", 3.0)],
        ),
        Scenario::new(
            "attempt span, with a subscriber",
            [
                Contender::sync_within("ours", Subscribed::new, || spanned(black_box(1))),
                Contender::sync_within("#[instrument]", Subscribed::new, || {
                    instrumented(black_box(1))
                }),
                Contender::sync_within("without the option", Subscribed::new, || {
                    plain_retry(black_box(1))
                }),
            ],
            [Goal::Of("#[instrument]", 1.5)],
        ),
    ]
}
