use resilience::rate_limit;

const NONE: std::time::Duration = std::time::Duration::ZERO;

#[rate_limit(100, per = 1s, key = tenant, idle = NONE)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
