use resilience::timeout;

const CONFIG: resilience::RetryConfig = resilience::RetryConfig::new();

#[timeout(config = CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
