use resilience::circuit_breaker;

#[circuit_breaker(recovery_jitter = 1.5)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
