use resilience::rate_limit;

const NONE: u32 = 0;

#[rate_limit(100, per = 1s, key = tenant, max_keys = NONE)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
