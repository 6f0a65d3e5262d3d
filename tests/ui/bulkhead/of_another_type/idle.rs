use resilience::bulkhead;

const TIME: u64 = 600;

#[bulkhead(25, key = tenant, idle = TIME)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
