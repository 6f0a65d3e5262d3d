use resilience::circuit_breaker;

#[circuit_breaker(failure_window = 60s, consecutive_failures = 3)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
