use resilience::bulkhead;

struct Tenant(u32);

#[bulkhead(25, key = tenant)]
async fn fetch(tenant: &Tenant) -> Result<u32, std::io::Error> {
    Ok(tenant.0)
}

fn main() {
    let _ = fetch(&Tenant(7));
}
