use resilience::rate_limit;

enum ApiError {
    Busy,
}

#[rate_limit(100, per = 1s)]
async fn fetch() -> Result<String, ApiError> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
