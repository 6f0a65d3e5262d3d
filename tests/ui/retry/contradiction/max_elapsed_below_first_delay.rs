use resilience::retry;

#[retry(base_delay = 5s, jitter = none, max_elapsed = 2s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
