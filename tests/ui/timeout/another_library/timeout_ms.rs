use resilience::timeout;

#[timeout(timeout_ms = 500)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
