use resilience::circuit_breaker;

use std::time::Duration;

const LIMIT: Duration = Duration::ZERO;

#[circuit_breaker(key = tenant, idle = LIMIT)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
