use resilience::{circuit_breaker, retry, timeout};

#[retry(max_attempts = 0, jiter = full)]
#[circuit_breaker(failure_rate = 50)]
#[timeout(5)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
