use resilience::circuit_breaker;

enum ApiError {
    Busy,
}

#[circuit_breaker]
async fn fetch() -> Result<String, ApiError> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
