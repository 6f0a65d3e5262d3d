use resilience::bulkhead;

enum ApiError {
    Busy,
}

type Answer<T> = Result<T, ApiError>;

#[bulkhead(25)]
fn fetch() -> Answer<String> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
