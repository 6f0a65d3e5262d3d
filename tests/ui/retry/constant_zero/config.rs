use resilience::retry;

const CONFIG: resilience::RetryConfig = resilience::RetryConfig::new().max_attempts(0);

#[retry(config = CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
