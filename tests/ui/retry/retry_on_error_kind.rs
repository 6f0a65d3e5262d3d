use resilience::retry;

#[retry(retry_on(std::io::ErrorKind::TimedOut))]
async fn fetch(id: u32) -> std::io::Result<String> {
    Err(std::io::Error::other(id.to_string()))
}

fn main() {
    let _ = fetch(7);
}
