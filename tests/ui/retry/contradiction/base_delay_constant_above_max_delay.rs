use resilience::retry;

const DELAY: std::time::Duration = std::time::Duration::from_secs(120);

#[retry(base_delay = DELAY, max_delay = 30s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
