use resilience::fallback;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
}

fn is_busy(_: &str) -> bool {
    true
}

#[fallback(|_| Ok(String::new()), when = is_busy)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
