use std::time::Duration;

use resilience::{RateLimitConfig, rate_limit};

const CONFIG: RateLimitConfig = RateLimitConfig::new(5, Duration::from_secs(1));

#[rate_limit(CONFIG, per = 1s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
