use resilience::RetryBudget;
use std::time::Duration;

static BUDGET: RetryBudget = RetryBudget::new().window(Duration::from_millis(999));

fn main() {
    let _ = BUDGET.stats();
}
