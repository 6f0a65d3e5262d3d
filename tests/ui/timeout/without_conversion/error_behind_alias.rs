use resilience::timeout;

enum ApiError {
    Busy,
}

type Answer<T> = Result<T, ApiError>;

#[timeout(5s, mode = cooperative)]
fn fetch() -> Answer<String> {
    Err(ApiError::Busy)
}

fn main() {
    let _ = fetch();
}
