use resilience::retry;

#[retry(retry_on("busy"))]
async fn fetch(id: u32) -> Result<String, String> {
    Err(id.to_string())
}

fn main() {
    let _ = fetch(7);
}
