use resilience::retry;

static BUDGET: resilience::RetryBudget = resilience::RetryBudget::new();

#[retry(budget = BUDGET)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
