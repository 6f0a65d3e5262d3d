use resilience::timeout;

const LIMIT: u64 = 30;

#[timeout(limit = LIMIT)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
