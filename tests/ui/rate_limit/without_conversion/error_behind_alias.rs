use resilience::rate_limit;

enum ApiError {
    Busy,
}

type Answer<T> = Result<T, ApiError>;

#[rate_limit(100, per = 1s)]
fn fetch() -> Answer<String> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
