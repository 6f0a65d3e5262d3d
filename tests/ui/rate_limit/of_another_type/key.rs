use resilience::rate_limit;

struct Tenant(u32);

#[rate_limit(100, per = 1s, key = tenant)]
async fn fetch(tenant: &Tenant) -> Result<u32, std::io::Error> {
    Ok(tenant.0)
}

fn main() {
    let _ = fetch(&Tenant(7));
}
