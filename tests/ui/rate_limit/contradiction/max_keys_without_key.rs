use resilience::rate_limit;

#[rate_limit(100, per = 1s, name = "search", max_keys = 1000)]
async fn fetch(tenant: &str) -> Result<String, std::io::Error> {
    Ok(String::from(tenant))
}

fn main() {
    let _ = fetch("seven");
}
