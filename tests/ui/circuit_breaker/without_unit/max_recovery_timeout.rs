use resilience::circuit_breaker;

#[circuit_breaker(max_recovery_timeout = 600)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
