use resilience::circuit_breaker;

const LIMIT: u64 = 3;

#[circuit_breaker(key = tenant, max_keys = LIMIT)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
