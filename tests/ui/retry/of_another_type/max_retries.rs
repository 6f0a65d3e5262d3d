use resilience::retry;

const LIMIT: u64 = 3;

#[retry(max_retries = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
