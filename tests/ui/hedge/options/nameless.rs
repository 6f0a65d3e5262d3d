use resilience::hedge;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
}

#[hedge(200ms, budget = 0.1)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
