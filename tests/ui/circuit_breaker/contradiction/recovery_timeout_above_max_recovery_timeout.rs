use resilience::circuit_breaker;

#[circuit_breaker(recovery_timeout = 10m, max_recovery_timeout = 1m)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
