use resilience::circuit_breaker;

const LIMIT: u64 = 30;

#[circuit_breaker(key = tenant, idle = LIMIT)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
