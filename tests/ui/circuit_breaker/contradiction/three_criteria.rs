use resilience::circuit_breaker;

#[circuit_breaker(consecutive_failures = 3, failure_rate = 0.5, failure_threshold = 5)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
