use resilience::circuit_breaker;

use resilience::{CircuitBreaker, CircuitBreakerConfig};
use std::sync::LazyLock;

static BREAKER: LazyLock<CircuitBreaker> =
    LazyLock::new(|| CircuitBreaker::new("search", CircuitBreakerConfig::new()));

#[circuit_breaker(breaker = &BREAKER, key = tenant)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
