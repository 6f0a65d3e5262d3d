use resilience::{Jitter, RetryConfig, retry};

const DRAWN: RetryConfig = RetryConfig::new().jitter(Jitter::Decorrelated);

#[retry(config = DRAWN, strategy = linear)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
