use resilience::rate_limit;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
    Refused(resilience::RateLimited),
}

impl From<resilience::RateLimited> for ApiError {
    fn from(limited: resilience::RateLimited) -> Self {
        Self::Refused(limited)
    }
}

#[rate_limit(100, per = 1s, error = |limited, id| ApiError::Refused(limited))]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
