use resilience::retry;

const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

#[retry(base_delay = 2m, max_delay = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
