use resilience::rate_limit;

#[rate_limit(100, per = 1s, key = tenant, idle = 600)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
