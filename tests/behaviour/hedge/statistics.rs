//! Each hedge is counted and told.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use resilience::{
    RetryBudget,
    events::{self, EventKind},
    hedge, registry,
};

use super::{ApiError, Service, next};

#[tokio::test(start_paused = true)]
async fn each_attempt_behind_the_first_is_counted() {
    #[hedge(after = 10ms, max_hedges = 2, budget = 10, operation = "hedge::counted")]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let count = || registry::operation("hedge::counted").map(|stats| stats.hedges);
    assert_eq!(load(&Service::new(&[(5, Ok(1))])).await, Ok(1));
    assert_eq!(count(), Some(0));
    assert_eq!(
        load(&Service::new(&[(5, Err(1)), (50, Ok(2)), (1, Ok(3))])).await,
        Ok(3)
    );
    assert_eq!(count(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn subscribers_hear_of_each_hedge_and_of_a_budget_that_is_used_up() {
    static BUDGET: RetryBudget = RetryBudget::new()
        .ratio(1.0)
        .min_per_second(0)
        .name("hedge::told");
    #[hedge(after = 10ms, max_hedges = 2, budget = &BUDGET, operation = "hedge::told")]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let counts = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let heard = Arc::clone(&counts);
    let _subscription = events::subscribe(move |event| match (event.operation, &event.kind) {
        (Some("hedge::told"), EventKind::Hedged { .. }) => {
            next(&heard[0]);
        }
        (
            Some("hedge::told"),
            EventKind::BudgetExhausted {
                budget: "hedge::told",
                ..
            },
        ) => {
            next(&heard[1]);
        }
        _ => {}
    });
    assert_eq!(load(&Service::new(&[(50, Ok(1))])).await, Ok(1));
    let counts = [0, 1].map(|at: usize| counts[at].load(Ordering::Relaxed));
    assert_eq!(counts, [1, 1]);
}
