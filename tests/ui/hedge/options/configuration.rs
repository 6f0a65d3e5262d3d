use resilience::{HedgeConfig, RetryBudget, hedge};

static BUDGET: RetryBudget = RetryBudget::new();
static HEDGE: HedgeConfig = HedgeConfig::new(&BUDGET);

#[hedge(HEDGE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
