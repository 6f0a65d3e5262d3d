use resilience::RetryBudget;

static BUDGET: RetryBudget = RetryBudget::new().ratio(f64::NAN);

fn main() {
    let _ = BUDGET.stats();
}
