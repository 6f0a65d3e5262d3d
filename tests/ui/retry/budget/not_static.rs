use resilience::retry;

#[retry(budget = &resilience::RetryBudget::new())]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
