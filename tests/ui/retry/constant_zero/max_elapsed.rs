use resilience::retry;

const LIMIT: std::time::Duration = std::time::Duration::ZERO;

#[retry(max_elapsed = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
