use resilience::bulkhead;

#[bulkhead(25, key = tenant, idle = 600)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
