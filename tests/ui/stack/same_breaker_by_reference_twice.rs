use resilience::{circuit_breaker, retry};

static BREAKER: std::sync::LazyLock<resilience::CircuitBreaker> =
    std::sync::LazyLock::new(|| resilience::CircuitBreaker::new("jira", resilience::CircuitBreakerConfig::new()));

#[circuit_breaker(breaker = &BREAKER)]
#[retry]
#[circuit_breaker(breaker = &BREAKER)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
