use resilience::retry;

const LIMIT: u32 = 0;

#[retry(max_attempts = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
