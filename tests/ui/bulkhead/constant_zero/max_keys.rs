use resilience::bulkhead;

const NONE: u32 = 0;

#[bulkhead(25, key = tenant, max_keys = NONE)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
