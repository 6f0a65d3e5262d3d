use resilience::circuit_breaker;

const LIMIT: u32 = 0;

#[circuit_breaker(consecutive_failures = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
