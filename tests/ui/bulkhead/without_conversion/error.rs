use resilience::bulkhead;

enum ApiError {
    Busy,
}

#[bulkhead(25)]
async fn fetch() -> Result<String, ApiError> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
