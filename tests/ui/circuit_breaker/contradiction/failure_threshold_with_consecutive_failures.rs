use resilience::circuit_breaker;

#[circuit_breaker(failure_threshold = 5, consecutive_failures = 3)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
