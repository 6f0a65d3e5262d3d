use resilience::retry;

const LIMIT: u64 = 30;

#[retry(max_elapsed = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
