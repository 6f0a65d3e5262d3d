use resilience::bulkhead;

const CONFIG: resilience::RetryConfig = resilience::RetryConfig::new();

#[bulkhead(config = CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
