//! Events are told to a subscriber. Without one they are in the figures of all other scenarios.

use std::hint::black_box;

use resilience::{
    circuit_breaker,
    events::{self, Event, Subscription},
    registry,
};

use crate::{
    Contender, Goal, Scenario,
    subject::{Error, LONG, answer},
};

#[circuit_breaker(name = "bench::event", recovery_timeout = LONG)]
fn refused(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// A listener that looks at the event and does nothing with it.
fn one_subscriber() -> Subscription {
    events::subscribe(|event: &Event<'_>| {
        black_box(event);
    })
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let _ = refused(1);
    assert!(registry::trip("bench::event"), "it was called once");
    let call = || refused(black_box(1));
    vec![Scenario::new(
        "event of a refusal, with one subscriber",
        [
            Contender::sync_within("ours", one_subscriber, call),
            Contender::sync("without one", call),
        ],
        [Goal::Over("without one", 150.0)],
    )]
}
