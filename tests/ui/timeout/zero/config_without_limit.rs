use resilience::timeout;

#[timeout(config = resilience::TimeoutConfig::new(std::time::Duration::ZERO))]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
