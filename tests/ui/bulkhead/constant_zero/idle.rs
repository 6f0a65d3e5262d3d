use resilience::bulkhead;

const NONE: std::time::Duration = std::time::Duration::ZERO;

#[bulkhead(25, key = tenant, idle = NONE)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
