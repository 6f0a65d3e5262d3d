use resilience::circuit_breaker;

#[circuit_breaker(failure_rate = 0.5, window_calls = 10, minimum_calls = 50)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
