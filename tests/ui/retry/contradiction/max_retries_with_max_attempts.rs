use resilience::retry;

#[retry(max_retries = 3, base_delay = 1s, max_attempts = 4)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
