use resilience::circuit_breaker;

struct Tenant(u32);

#[circuit_breaker(key = tenant)]
async fn fetch(tenant: &Tenant) -> Result<u32, std::io::Error> {
    Ok(tenant.0)
}

fn main() {
    let _ = fetch(&Tenant(7));
}
