use resilience::retry;

#[retry(config = resilience::RetryConfig::new().max_attempts(0))]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
