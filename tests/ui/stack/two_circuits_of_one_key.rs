use resilience::{circuit_breaker, retry};

#[circuit_breaker(name = "search", key = tenant)]
#[retry]
#[circuit_breaker(name = "search", key = tenant)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
