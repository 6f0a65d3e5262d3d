use resilience::circuit_breaker;

enum ApiError {
    Busy,
}

type Answer<T> = Result<T, ApiError>;

#[circuit_breaker]
fn fetch() -> Answer<String> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
