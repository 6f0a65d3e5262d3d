use resilience::circuit_breaker;

const LIMIT: u64 = 3;

#[circuit_breaker(failure_rate = 0.5, minimum_calls = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
