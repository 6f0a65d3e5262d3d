use resilience::retry;

const CONFIG: resilience::CircuitBreakerConfig = resilience::CircuitBreakerConfig::new();

#[retry(config = CONFIG, max_retries = 5)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
