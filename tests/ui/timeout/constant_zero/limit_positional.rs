use resilience::timeout;

const LIMIT: std::time::Duration = std::time::Duration::ZERO;

#[timeout(LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
