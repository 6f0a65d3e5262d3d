use resilience::circuit_breaker;

#[circuit_breaker(failure_rate = 0.5, failure_window = 60s, window_calls = 100)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
