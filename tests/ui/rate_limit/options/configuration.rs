use resilience::rate_limit;

const CONFIG: resilience::RateLimitConfig = resilience::RateLimitConfig::new(5, std::time::Duration::from_secs(1));

#[rate_limit(CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
