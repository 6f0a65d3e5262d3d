use resilience::circuit_breaker;

const CALLS: u32 = 50;

#[circuit_breaker(failure_rate = 0.5, window_calls = 10, minimum_calls = CALLS)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
