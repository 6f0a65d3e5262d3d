use resilience::timeout;

const LIMIT: std::time::Duration = std::time::Duration::ZERO;

#[timeout(limit = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
