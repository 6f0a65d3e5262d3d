//! The events that budgets write to the log.

use super::stats::RetryBudgetStats;
use tracing::{error, warn};

/// The budget refuses retries. The caller writes this at most once a minute.
#[cold]
pub(super) fn exhausted(stats: &RetryBudgetStats) {
    let RetryBudgetStats {
        name: budget,
        window_calls,
        window_retries,
        window_refused,
        ..
    } = stats;
    warn!(
        target: "resilience", budget, window_calls, window_retries, window_refused,
        "retry budget is exhausted: failed calls are not retried"
    );
}

/// Two budgets have one name, so the second one cannot be found by it.
#[cold]
pub(super) fn name_taken(budget: &str) {
    error!(
        target: "resilience", budget,
        "another retry budget has this name: the statistics show the first one only"
    );
}
