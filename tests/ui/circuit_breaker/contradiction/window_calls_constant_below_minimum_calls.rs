use resilience::circuit_breaker;

const CALLS: u32 = 10;

#[circuit_breaker(failure_rate = 0.5, window_calls = CALLS, minimum_calls = 50)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
