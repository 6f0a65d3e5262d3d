use resilience::circuit_breaker;

const LONG: std::time::Duration = std::time::Duration::from_secs(600);

#[circuit_breaker(recovery_timeout = LONG, max_recovery_timeout = 1m)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
