use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker(failure_threshold = 0)]
#[timeout(5s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
