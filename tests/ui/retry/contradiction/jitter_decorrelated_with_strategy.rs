use resilience::retry;

#[retry(strategy = linear, jitter = decorrelated)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
