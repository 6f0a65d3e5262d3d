use resilience::circuit_breaker;

const LIMIT: u64 = 600;

#[circuit_breaker(max_recovery_timeout = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
