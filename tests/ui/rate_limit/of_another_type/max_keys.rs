use resilience::rate_limit;

const KEYS: u64 = 100;

#[rate_limit(100, per = 1s, key = tenant, max_keys = KEYS)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
