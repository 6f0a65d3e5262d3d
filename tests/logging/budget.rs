//! Retry budgets: a call that gets no retry gives up with an ERROR, and the budget itself is told
//! of at most once a minute.

use std::{slice, time::Duration};

use resilience::{RetryBudget, retry};
use tracing::Level;

use crate::capture::{Capture, Logged, shown};

fn exhausted(refused: u64) -> Logged {
    Logged::new(
        Level::WARN,
        "retry budget is exhausted: failed calls are not retried",
        [
            ("budget", "log_budget".into()),
            ("window_calls", refused.into()),
            ("window_retries", 0.into()),
            ("window_refused", refused.into()),
        ],
    )
}

#[tokio::test(start_paused = true)]
async fn each_call_gives_up_with_its_reason_and_the_budget_is_told_of_once_a_minute() {
    static BUDGET: RetryBudget = RetryBudget::new()
        .ratio(0.1)
        .min_per_second(0)
        .name("log_budget");
    #[retry(budget = &BUDGET, operation = "log_budget.call")]
    async fn call() -> Result<(), &'static str> {
        Err("busy")
    }
    let gave_up = Logged::new(
        Level::ERROR,
        "attempt 1 failed, giving up: the retry budget is used up",
        [
            ("operation", "log_budget.call".into()),
            ("attempt", 1.into()),
            ("max_attempts", 4.into()),
            ("reason", "budget".into()),
            ("elapsed_ms", 0.0.into()),
            ("error", shown("busy")),
        ],
    );
    let capture = Capture::begin();
    assert_eq!(call().await, Err("busy"));
    assert_eq!(capture.take(), [exhausted(1), gave_up.clone()]);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(call().await, Err("busy"));
    assert_eq!(capture.take(), slice::from_ref(&gave_up));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(call().await, Err("busy"));
    assert_eq!(capture.take(), [exhausted(2), gave_up]);
}

#[test]
fn a_second_budget_of_a_name_is_an_error() {
    static FIRST: RetryBudget = RetryBudget::new().name("log_budget_twice");
    static SECOND: RetryBudget = RetryBudget::new().name("log_budget_twice");
    #[retry(budget = &FIRST)]
    fn first() -> Result<(), ()> {
        Ok(())
    }
    #[retry(budget = &SECOND)]
    fn second() -> Result<(), ()> {
        Ok(())
    }
    let capture = Capture::begin();
    assert_eq!(first(), Ok(()));
    assert_eq!(capture.take(), []);
    assert_eq!((second(), second()), (Ok(()), Ok(())));
    let taken = "another retry budget has this name: the statistics show the first one only";
    let told = Logged::new(Level::ERROR, taken, [("budget", "log_budget_twice".into())]);
    assert_eq!(capture.take(), [told]);
}
