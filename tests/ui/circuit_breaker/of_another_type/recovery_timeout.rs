use resilience::circuit_breaker;

const LIMIT: u64 = 30;

#[circuit_breaker(recovery_timeout = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
