use resilience::circuit_breaker;

const LIMIT: u64 = 3;

#[circuit_breaker(half_open_max_calls = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
