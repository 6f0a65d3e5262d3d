//! `#[retry]` by itself.

use std::{cell::Cell, future, hint::black_box, time::Duration};

use backon::{ConstantBuilder, Retryable};
use resilience::{RetryBudget, retry};
use tokio_retry2::{Retry, strategy::FixedInterval};
use tower::retry::budget::{Budget, TpsBudget};
use tower_resilience_retry::RetryLayer;

use crate::{
    Contender, Goal, Scenario, first_attempt,
    retry_peers::{tower, transient},
    subject::{Error, Failed, Reported, answer},
};

static BUDGET: RetryBudget = RetryBudget::new();

#[retry(budget = &BUDGET)]
fn budgeted(n: u64) -> Result<u64, Error> {
    answer(n)
}

/// A hook is told how long the call took, so the call reads the clock, as a deposit does.
#[retry(on_retry = |_| ())]
fn hooked(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[retry]
async fn reported(n: u64) -> Result<u64, Reported> {
    answer(n)
}

#[retry(max_retries = 2, base_delay = 0s)]
async fn third_time() -> Result<u64, Error> {
    answer(every_third())
}

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Returns 0 for two calls of three. The body fails with 0.
fn every_third() -> u64 {
    let calls = CALLS.get() + 1;
    CALLS.set(calls);
    u64::from(calls.is_multiple_of(3))
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    let [first, first_async] = first_attempt::scenarios();
    vec![
        first,
        // The deposit is the difference to a call that reads the clock.
        Scenario::new(
            "retry with a budget, first attempt succeeds",
            [
                Contender::sync(ours, || budgeted(black_box(1))),
                Contender::sync("with a hook", || hooked(black_box(1))),
                Contender::sync("plain", || answer::<Error>(black_box(1))),
                Contender::sync("tower's TpsBudget, the deposit alone", {
                    let budget = TpsBudget::default();
                    move || budget.deposit()
                }),
            ],
            [Goal::Over("with a hook", 5.0)],
        ),
        first_async,
        // An error of this type may hold a refusal, so the future has a place for the last error,
        // which is dropped at the end.
        Scenario::new(
            "retry, first attempt succeeds, async, std::error::Error",
            [
                Contender::awaited(ours, || reported(black_box(1))),
                Contender::awaited("plain", || async { answer::<Reported>(black_box(1)) }),
            ],
            [],
        ),
        Scenario::new(
            "retry, three attempts, zero delay",
            [
                Contender::awaited(ours, third_time),
                Contender::awaited("backon", || {
                    let strategy = ConstantBuilder::default().with_delay(Duration::ZERO);
                    (async || answer::<Failed>(every_third())).retry(strategy)
                }),
                // Its own sleeper waits for a timer even if the delay is zero.
                Contender::awaited("backon with a sleeper that is ready", || {
                    let strategy = ConstantBuilder::default().with_delay(Duration::ZERO);
                    (async || answer::<Failed>(every_third()))
                        .retry(strategy)
                        .sleep(|_| future::ready(()))
                }),
                Contender::awaited("tokio-retry2", || {
                    Retry::spawn(FixedInterval::from_millis(0).take(3), async || {
                        transient(every_third())
                    })
                }),
                tower::<0>(
                    &RetryLayer::builder()
                        .max_attempts(3)
                        .fixed_backoff(Duration::ZERO)
                        .build(),
                    every_third,
                ),
            ],
            [Goal::Of("backon with a sleeper that is ready", 1.0)],
        ),
    ]
}
