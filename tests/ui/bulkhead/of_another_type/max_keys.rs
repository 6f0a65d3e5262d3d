use resilience::bulkhead;

const KEYS: u64 = 100;

#[bulkhead(25, key = tenant, max_keys = KEYS)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
