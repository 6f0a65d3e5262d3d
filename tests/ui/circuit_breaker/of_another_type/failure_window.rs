use resilience::circuit_breaker;

const LIMIT: u64 = 30;

#[circuit_breaker(failure_window = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
