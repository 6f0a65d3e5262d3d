use resilience::{RetryConfig, Strategy, retry};

const LINEAR: RetryConfig = RetryConfig::new().strategy(Strategy::Linear);

#[retry(config = LINEAR, multiplier = 3.0)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
