use resilience::timeout;

enum ApiError {
    Busy,
}

#[timeout(5s)]
async fn fetch() -> Result<String, ApiError> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
