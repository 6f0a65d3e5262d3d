use resilience::rate_limit;

const TIME: u64 = 600;

#[rate_limit(100, per = 1s, key = tenant, idle = TIME)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
